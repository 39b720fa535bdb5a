"""Surveys that were held elsewhere: a sheet of answers becomes responses without names, times or order."""
