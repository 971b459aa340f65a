"""The site: `python -m sphinx docs out/site`, in an environment with the extra `docs`. It needs no network."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]

from sphinx_gallery.sorting import FileNameSortKey  # noqa: E402

from spikelearn import __version__  # noqa: E402

project = "spikelearn"
author = copyright = "The spikelearn developers"
version = release = __version__
html_title = "spikelearn"
html_theme = "pydata_sphinx_theme"

extensions = [
    "myst_parser",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "_site.pages",
    "_site.links",
    "_site.mathematics",
]
exclude_patterns = ["_site", "theory/words", "**/GALLERY_HEADER.rst", "**sg_execution_times.rst"]
default_role = "code"
add_module_names = False
toc_object_entries = False
maximum_signature_line_length = 90
suppress_warnings = ["config.cache"]  # the keys and functions below are objects, which are no part of a cache

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "github_url": "https://github.com/spikelearn/spikelearn",
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "monokai",
}
html_sidebars = {"index": []}

sphinx_gallery_conf = {
    "examples_dirs": [str(ROOT / "tutorials"), str(ROOT / "examples")],
    "gallery_dirs": ["tutorials", "examples"],
    "filename_pattern": r"\.py$",
    "within_subsection_order": FileNameSortKey,
    "reset_modules": ("_site.style.one_style",),
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "plot_gallery": "True",
}
