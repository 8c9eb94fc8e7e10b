"""Text from the data made harmless where Streamlit would read it as markdown."""


def plain(text: str) -> str:
    """The text with every character escaped that markdown or Streamlit's directives give a meaning to."""
    for character in "\\`*_[]$~:<#":
        text = text.replace(character, f"\\{character}")
    return text
