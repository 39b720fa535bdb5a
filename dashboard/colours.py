"""The colour tokens, once: for our stylesheet and for the charts.

Each is written as `light-dark(light, dark)`. Streamlit sets `color-scheme` on the page, so the
browser picks the right half in HTML and SVG alike and follows a theme switch without a rerun.
"""

TOKENS: dict[str, tuple[str, str]] = {
    "bg": ("#FBFAF7", "#14171A"),
    "card": ("#FFFFFF", "#1B1F23"),
    "wash": ("#F0EFEB", "#22272C"),
    "ink": ("#1F2328", "#E8E6E1"),
    "ink2": ("#586069", "#A9AFB6"),
    "mark": ("#868D96", "#7B838C"),
    "hair": ("#DEDBD4", "#343A41"),
    "grid": ("#E7E4DD", "#2B3036"),
    "sys": ("#1B5E9E", "#7DB5EE"),
    "link": ("#1B5E9E", "#9CC8F5"),
    "sys-2": ("#8FB3D9", "#41658C"),
    "sys-3": ("#C4D7EB", "#2C465F"),
    "sys-band": ("#DCE7F3", "#1F3043"),
    "sys-tint": ("#E6EEF7", "#1D2C3B"),
    "whisker": ("#B5CDE6", "#3A5C80"),
    "wait-1": ("#DAD7D0", "#3A4046"),
    "wait-2": ("#C4C1B9", "#50575E"),
    "ppl": ("#B07A00", "#E3B34B"),
    "ppl-x": ("#7A5400", "#E3B34B"),
    "ppl-band": ("#F0E0B8", "#40351A"),
    "good": ("#00796B", "#6FDCC6"),
    "good-x": ("#006558", "#6FDCC6"),
    "good-tint": ("#E1F1ED", "#12302B"),
    "bad": ("#A4133C", "#F4718C"),
    "bad-x": ("#A4133C", "#FF9DB0"),
    "bad-tint": ("#FBE9ED", "#3D1C25"),
}


def colour(token: str) -> str:
    """The CSS value of a token, for both themes."""
    light, dark = TOKENS[token]
    return f"light-dark({light}, {dark})"


def css_properties() -> str:
    """All tokens as custom properties of our root class; on paper those of the light theme."""
    both = "".join(f"--{name}:{colour(name)};" for name in TOKENS)
    light = "".join(f"--{name}:{light};" for name, (light, _) in TOKENS.items())
    return f".eo{{{both}}}@media print{{.eo{{{light}}}}}"
