"""A health check as people read it: HTML for the page and for print, Markdown, PDF.

Where no app is running, as in the command `outcomes report`, Streamlit would warn of every function whose
answers are cached. This comes before any of them is imported.
"""

import logging

import streamlit.runtime
from streamlit.logger import set_log_level

if not streamlit.runtime.exists():
    set_log_level(logging.ERROR)
