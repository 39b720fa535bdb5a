"""What sources that read folders of Markdown documents share."""
