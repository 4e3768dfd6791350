"""A flow is drawn as it is placed, whatever its nodes are called."""

from apps.flows.admin.picture import picture

ASK = {"condition": "profile@traits.plan EXISTS"}
NODES = [
    {"id": "start", "kind": "start", "position": {"x": -100, "y": 40}},
    {"id": "ask", "kind": "condition", "name": "<b>Who & what</b>", "settings": ASK, "position": {"x": 100, "y": 200}},
    {"id": "end", "kind": "end", "position": {"x": 100, "y": 400}},
]
EDGES = [{"from": "start", "to": "ask"}, {"from": "ask", "port": "true", "to": "end"}]


def test_a_picture_is_as_large_as_what_is_on_it_and_begins_at_its_corner() -> None:
    found = picture({"nodes": NODES, "edges": EDGES})

    assert (found.width, found.height) == (452 + 64, 426 + 64)
    assert 'transform="translate(132 -8)"' in found.drawn


def test_edges_lead_from_ports_to_cards() -> None:
    drawn = picture({"nodes": NODES, "edges": EDGES}).drawn

    assert '<path class="cdp-drawn-edge" d="M10 106C10 153 226 153 226 200"/>' in drawn
    assert 'd="M142 290C142 345 210 345 210 400"' in drawn


def test_an_edge_back_goes_past_the_left_of_its_cards() -> None:
    drawn = picture({"nodes": NODES, "edges": [{"from": "ask", "port": "true", "to": "ask"}]}).drawn

    assert 'd="M142 290C142 314 76 314 76 245S226 176 226 200"' in drawn


def test_names_are_text() -> None:
    drawn = picture({"nodes": NODES, "edges": EDGES}).drawn

    assert "<title>&lt;b&gt;Who &amp; what&lt;/b&gt;</title>" in drawn
    assert "<b>" not in drawn


def test_nodes_without_places_are_drawn_too() -> None:
    assert picture({"nodes": [{"id": "start", "kind": "start"}], "edges": []}).width == 220 + 64
