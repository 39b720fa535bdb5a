"""SonarQube, Server and Cloud."""
