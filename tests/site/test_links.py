"""Links that lead nowhere are found, and names in code become links to where the reference has them."""

import pytest
import site_pages  # noqa: F401 (it says where _site is)

pytest.importorskip("sphinx", reason="part of the extra docs")

from _site.links import broken, full_name  # noqa: E402


def test_only_links_that_lead_nowhere_are_named(tmp_path):
    (tmp_path / "one.html").write_text(
        '<article><h2 id="here"></h2><a href="two.html#there"></a><a href="#here"></a><a href="https://x.org/y"></a>'
        '<a href="two.html#gone"></a><a href="gone.html"></a><img src="gone.png"></article>'
    )
    (tmp_path / "two.html").write_text('<article><p id="there"></p></article>')
    assert {link for _, link in broken(tmp_path)} == {"two.html#gone", "gone.html", "gone.png"}


@pytest.mark.parametrize(
    "code, expected",
    [
        ("sl.LIF", "spikelearn.LIF"),
        ("sl.LIF(tau_m=20)", "spikelearn.LIF"),
        ("net.connect", "spikelearn.Network.connect"),
        ("run.weights(made)", "spikelearn.Run.weights"),
        ("sl.plots.raster", "spikelearn.plots.raster"),
        ("FeedbackAlignment", "spikelearn.FeedbackAlignment"),
        ("V_m", ""),
        ("rate", ""),
    ],
)
def test_code_is_a_name_where_that_is_certain(code, expected):
    assert full_name(code) == expected
