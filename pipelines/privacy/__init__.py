"""What may be shown of what people said, and the proof that it may: dataclasses in, dataclasses out."""
