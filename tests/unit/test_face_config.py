"""Configurations from files and Structs, and what their errors say."""

import pickle

import pytest

import evcore
from evcore.errors import ConfigError, EvcoreError, RuleError

TOML = """\
version = 1
feed = "canonical"
[types]
"attributes.revenue" = "double"
[[tag]]
name = "big"
when = 'attributes.revenue >= 50.0'
[[filter]]
name = "noise"
drop = 'name == "heartbeat"'
[[aggregate]]
name = "revenue"
sum = "attributes.revenue"
by = ["name"]
window = "1d"
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="shop.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_toml_json_yaml_and_structs_say_the_same(write):
    from_toml = evcore.load_config(write(TOML))
    from_json = evcore.load_config(write(from_toml.to_json(), "shop.json"))
    from_yaml = evcore.load_config(write(from_toml.to_json(), "shop.yaml"))
    from_structs = evcore.Config(
        feed="canonical",
        types={"attributes.revenue": "double"},
        tag=[evcore.Tag("big", "attributes.revenue >= 50.0")],
        filter=[evcore.Filter("noise", drop='name == "heartbeat"')],
        aggregate=[
            evcore.Aggregate(name="revenue", sum="attributes.revenue", by=["name"], window="1d")
        ],
    ).check()
    assert from_toml == from_json == from_yaml == from_structs
    assert from_toml.aggregate[0].max_groups == 1_000_000


def test_a_configuration_cannot_be_changed():
    config = evcore.Config()
    with pytest.raises(AttributeError):
        config.feed = "canonical"


def test_an_error_names_file_line_column_key_and_reason(write):
    path = write(TOML.replace("when =", "wen ="))
    with pytest.raises(ConfigError) as caught:
        evcore.load_config(path)
    problem = next(p for p in caught.value.problems if p["hint"])
    assert problem["file"] == str(path)
    assert (problem["line"], problem["column"]) == (7, 1)
    assert problem["key_path"].startswith("tag[0]")
    assert "did you mean `when`?" in problem["hint"]
    assert f"{path}:7:1" in str(caught.value)
    assert "^^^" in str(caught.value)


def test_only_rules_at_fault_is_a_rule_error(write):
    path = write(TOML.replace("attributes.revenue >= 50.0", "attributes.revenue >="))
    with pytest.raises(RuleError) as caught:
        evcore.load_config(path)
    (problem,) = caught.value.problems
    assert problem["line"] == 7
    assert problem["key_path"] == "tag[0].when"


def test_several_errors_come_at_once(write):
    text = TOML.replace("1d", "1x").replace('"double"', '"duble"')
    with pytest.raises(ConfigError) as caught:
        evcore.load_config(write(text))
    assert len(caught.value.problems) == 2


def test_structs_get_the_same_errors():
    config = evcore.Config(tag=[evcore.Tag("x", "name ==")])
    with pytest.raises(RuleError) as caught:
        evcore.Pipeline(config)
    assert caught.value.problems[0]["key_path"] == "tag[0].when"
    assert caught.value.problems[0]["file"] == "<config>"
    assert len(str(caught.value).splitlines()) < 8


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.toml", b"\xff", "not UTF-8 at byte 0"),
        ("x.ini", b"", r"use \.toml, \.json or \.yaml"),
        ("x.yaml", b"a: [", "not YAML"),
        ("x.yaml", b"? [a]\n: 1", "YAML|dict"),
        ("x.json", b"{", "x.json"),
        ("x.toml", b"[dedup]\n", "later version"),
    ],
)
def test_a_file_that_is_no_configuration(write, name, text, message):
    with pytest.raises(ConfigError, match=message):
        evcore.load_config(write(text, name))


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        evcore.load_config(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="directory"):
        evcore.load_config(tmp_path)


def test_yaml_without_its_package_names_the_extra(write, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    with pytest.raises(evcore.MissingExtraError, match=r"evcore\[yaml\]"):
        evcore.load_config(write("version: 1", "x.yaml"))


def test_the_default_configuration_is_valid():
    config = evcore.load_config()
    assert config.feed == "canonical"
    assert config.aggregate


def test_errors_are_one_tree_and_can_be_pickled():
    for name in ("ConfigError", "RuleError", "DecodeError", "EventError", "InputError"):
        assert issubclass(getattr(evcore, name), EvcoreError)
    error = ConfigError("text", [{"code": "E201"}])
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.problems) == ("text", [{"code": "E201"}])
    assert type(copy) is ConfigError
