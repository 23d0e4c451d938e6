"""The page's script in a real kernel: its widget, and the answers to messages from the page."""

from __future__ import annotations

import json
import re
import time
import uuid
from queue import Empty

import pytest
from jupyter_client.blocking import BlockingKernelClient

from support.kernels import Kernel
from support.services import quiet_environment

UNKNOWN = "00000000-0000-4000-8000-000000000000"


class Page:
    """A page that is open on a kernel: it hears everything, and speaks to the companion."""

    def __init__(self, kernel: Kernel) -> None:
        self.heard = []
        self._client = BlockingKernelClient()  # with a session of its own, so that it hears all
        self._client.load_connection_info(kernel.manager.get_connection_info())
        self._client.start_channels(stdin=False)
        self._client.wait_for_ready(timeout=60)

    def wait_for(self, kind, fits=lambda _: True, seconds=30):
        """Return the content of the next message that fits."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for message in self.listen(0.1):
                if message["msg_type"] == kind and fits(message["content"]):
                    return message["content"]
        raise AssertionError(f"no {kind} came")

    def listen(self, seconds):
        """Give each message until there is silence for so long."""
        while True:
            try:
                message = self._client.get_iopub_msg(timeout=seconds)
            except Empty:
                return
            self.heard.append(message)
            yield message

    def find_companion(self):
        """Return what opened the companion, which is the model with a script."""
        self.opened = self.wait_for("comm_open", lambda it: "_esm" in it["data"].get("state", {}))
        return self.opened

    def say(self, content, msg_id=None):
        """Send the companion a message, perhaps under the id of an earlier one, without waiting."""
        data = {"method": "custom", "content": content}
        self.send("comm_msg", {"comm_id": self.opened["comm_id"], "data": data}, msg_id)

    def send(self, kind, content, msg_id=None):
        """Send the kernel a message, and return its id."""
        message = self._client.session.msg(kind, content)
        message["header"]["msg_id"] = msg_id or message["header"]["msg_id"]
        self._client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def execute(self, code, msg_id=None):
        """Run a cell to its end, and return the id of the request."""
        asked = self.send("execute_request", {"code": code, "silent": False}, msg_id)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            reply = self._client.get_shell_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == asked:
                assert reply["content"]["status"] == "ok", reply
                return asked
        raise AssertionError("the cell does not end")

    def ask(self, do, **more):
        """Send the companion a message, and return what it answers."""
        self.say({"do": do, **more})
        return self.answer()

    def answer(self):
        """Return the companion's next answer."""
        return self.wait_for("comm_msg", self._is_answer)["data"]["content"]

    def _is_answer(self, content):
        ours = content["comm_id"] == self.opened["comm_id"]
        return ours and content["data"].get("method") == "custom"

    def close(self):
        self._client.stop_channels()


@pytest.fixture(scope="module")
def environment(tmp_path_factory, sandbox):
    return quiet_environment(
        tmp_path_factory.mktemp("home"),
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_marked_0123456789",
    )


@pytest.fixture(scope="module")
def kernel(environment):
    started = Kernel(environment)
    started.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp")
    yield started
    started.close()


@pytest.fixture(scope="module")
def page(kernel):
    """A page on which two effects, a history of them and a lab are shown."""
    opened = Page(kernel)
    kernel.run("%soundpiece_fx hit -p Impact -d 1 --wait")
    opened.find_companion()
    kernel.run("%soundpiece_fx rain -p Rain -d 1 --wait")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def hit(kernel, page):
    return kernel.value("hit.key")


@pytest.fixture(scope="module")
def history(kernel, page):
    """The display id and the view of a history with a page for each of two operations."""
    [shown] = kernel.run("%soundpiece_history -n 1").of("display_data")
    return shown["transient"]["display_id"], view_in(shown)


@pytest.fixture(scope="module")
def lab(kernel, page):
    [shown] = kernel.run("%soundpiece_lab").of("display_data")
    return view_in(shown)


def view_in(shown):
    return re.search(r"soundpiece-is-([\w-]+)", shown["data"]["text/html"])[1]


def redrawn(page, display_id):
    """Return the HTML that an output is drawn with next."""
    ours = page.wait_for(
        "update_display_data", lambda c: c["transient"]["display_id"] == display_id
    )
    return ours["data"]["text/html"]


# ------------------------------------------------------------------ what the page is sent


def test_one_companion_comes_however_much_is_shown(kernel, page, hit, history, lab):
    kernel.run("%soundpiece_show hit\nhit")
    page.ask("look", takes=[], views=[])
    opened = [each["content"]["data"] for each in page.heard if each["msg_type"] == "comm_open"]
    assert sum("_esm" in each.get("state", {}) for each in opened) == 1


def test_it_holds_neither_key_nor_address(page, sandbox):
    sent = json.dumps(page.opened)
    assert "spk_" not in sent
    assert f":{sandbox.port}" not in sent
    assert "http://" not in sent
    assert "https://" not in sent


def test_a_headless_kernel_sends_none(environment):
    alone = Kernel(environment, watched=False)
    page = Page(alone)
    ran = alone.run("%load_ext soundpiece_nb\n%soundpiece_fx -p Impact -d 1\n%soundpiece_history")
    assert len(ran.of("display_data")) == 2
    kinds = {message["msg_type"] for message in page.listen(0.4)}
    page.close()
    alone.close()
    assert "display_data" in kinds
    assert "comm_open" not in kinds


# ------------------------------------------------------------------ looking and judging


def test_looking_tells_how_takes_are_judged_and_what_views_can_do(page, hit, history, lab):
    takes = [{"key": hit, "take": 1}, {"key": UNKNOWN, "take": 1}]
    seen = page.ask("look", takes=takes, views=[history[1], lab, "board-of-an-earlier-kernel"])
    assert seen["say"] == "seen"
    assert [(each["key"], each["take"]) for each in seen["judged"]] == [(hit, 1)]
    about_history, about_lab = seen["views"]
    assert about_history["id"] == history[1]
    assert about_history["pages"] == 2
    assert about_history["orders"]["-rating"] == "stars, most first"
    assert about_history["form"] is None
    titles = [route["title"] for route in about_lab["form"]["routes"]]
    assert titles[:3] == ["Song", "Instrumental", "Sample"]
    assert "hit" in about_lab["form"]["names"]


def test_judging_is_kept_answered_and_drawn(kernel, page, hit):
    [card] = kernel.run("%soundpiece_show hit").of("display_data")
    seen = page.ask("judge", key=hit, take=1, rating=4)
    assert seen["judged"] == [{"key": hit, "take": 1, "rating": 4, "note": None}]
    assert "★★★★☆" in redrawn(page, card["transient"]["display_id"])
    seen = page.ask("judge", key=hit, take=1, note="love the <bass>")
    assert seen["judged"][0]["rating"] == 4
    assert "love the &lt;bass&gt;" in redrawn(page, card["transient"]["display_id"])
    assert kernel.value("(hit.outputs[0].rating, hit.outputs[0].note)") == (4, "love the <bass>")
    seen = page.ask("judge", key=hit, take=1, rating=0, note="")
    assert seen["judged"] == [{"key": hit, "take": 1, "rating": None, "note": None}]


def test_what_is_judged_in_a_cell_is_told_to_the_page(kernel, page, hit):
    kernel.run("%soundpiece_rate hit 3 dry")
    assert page.answer()["judged"] == [{"key": hit, "take": 1, "rating": 3, "note": "dry"}]


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        ({"take": 1, "rating": 6}, "Stars must be a whole number from 0 to 5, not 6."),
        ({"take": 1, "rating": "5"}, "Stars must be a whole number from 0 to 5, not '5'."),
        ({"take": 1, "rating": True}, "Stars must be a whole number from 0 to 5, not True."),
        ({"take": "first", "rating": 4}, "Something unforeseen happened (ValueError)"),
        ({"rating": 4}, "Something unforeseen happened (KeyError)"),
    ],
)
def test_a_judgement_that_cannot_be_is_refused_in_a_sentence(kernel, page, hit, judged, words):
    before = kernel.value("hit.outputs[0].rating")
    refused = page.ask("judge", key=hit, **judged)
    assert refused["say"] == "refused"
    assert refused["words"].startswith(words)
    assert refused["about"] == {"do": "judge", "key": hit, **judged}
    assert kernel.value("hit.outputs[0].rating") == before


def test_judging_what_is_not_there_changes_nothing(kernel, page, hit):
    before = kernel.value("sp.takes()['rating'].fillna(0).tolist()")
    assert page.ask("judge", key=UNKNOWN, take=1, rating=5)["judged"] == []
    told = page.ask("judge", key=hit, take=99, rating=5)["judged"]
    assert [each["take"] for each in told] == [1]
    assert kernel.value("sp.takes()['rating'].fillna(0).tolist()") == before


# ------------------------------------------------------------------ arranging


def test_arranging_draws_the_view_again_and_says_how_it_stands(kernel, page, history):
    display_id, view = history
    page.say({"do": "arrange", "view": view, "order": "made", "page": 1})
    assert '<b dir="auto">hit</b>' in redrawn(page, display_id)
    [arranged] = page.answer()["views"]
    assert (arranged["order"], arranged["page"]) == ("made", 1)
    page.say({"do": "arrange", "view": view, "page": 99})
    assert "oldest first" in redrawn(page, display_id)
    [arranged] = page.answer()["views"]
    assert arranged["page"] == arranged["pages"]
    [arranged] = page.ask("arrange", view=view, order="DROP TABLE", page=-1)["views"]
    assert (arranged["order"], arranged["page"]) == ("made", 1)


def test_a_view_of_an_earlier_kernel_is_refused(page):
    refused = page.ask("arrange", view="history-00000000", order="made")
    assert refused["say"] == "refused"
    assert refused["words"].startswith("This output belongs to an earlier kernel")


# ------------------------------------------------------------------ the lab


def test_the_form_makes_an_operation_and_binds_its_name(kernel, page, lab):
    fields = {"prompt": "Thump", "duration": "1", "lyrics": "of another route"}
    made = page.ask("make", form=lab, route="create.new_fx", fields=fields, name=" boom ")
    assert (made["say"], made["form"]) == ("made", lab)
    assert made["words"].startswith("boom ")
    assert kernel.value("boom.result(60).status") == "ready"
    assert kernel.value("boom.request") == {"prompt": "Thump", "duration": 1.0}


def test_the_form_gives_the_cell_that_makes_the_same(kernel, page, lab):
    fields = {"lyrics": "[Verse]\nla\n", "prompt": 'Slow "jazz" at $5', "reference": ""}
    told = page.ask("cell", form=lab, route="create.new_song", fields=fields, name="night")
    assert (told["say"], told["form"]) == ("cell", lab)
    assert kernel.run(told["text"]).status == "ok"
    assert kernel.value("night.request") == {
        "lyrics": "[Verse]\nla",
        "prompt": 'Slow "jazz" at $5',
    }


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"fields": {}}, "prompt"),
        ({"fields": {"prompt": "x", "duration": "soon"}}, "Duration must be a number"),
        ({"name": "not a name"}, "cannot be a NAME"),
        ({"route": "create.new_opera"}, "There is no route 'create.new_opera'"),
        ({"form": "lab-00000000"}, "This form belongs to an earlier kernel"),
        ({"fields": "prompt"}, "Something unforeseen happened"),
    ],
)
def test_what_the_form_cannot_make_is_refused_in_a_sentence(kernel, page, lab, changed, words):
    asked = {"form": lab, "route": "create.new_fx", "fields": {"prompt": "Thump"}, "name": ""}
    before = kernel.value("len(sp.history())")
    for do in ("make", "cell"):
        refused = page.ask(do, **{**asked, **changed})
        assert refused["say"] == "refused"
        assert words in refused["words"]
        assert "\n" not in refused["words"]
        assert refused["about"]["do"] == do
    assert kernel.value("len(sp.history())") == before


# ------------------------------------------------------------------ what arrives twice


def press(lab, **more):
    """Return what the form says at a press of its button."""
    fields = {"prompt": "Knock", "duration": "1"}
    return {"form": lab, "route": "create.new_fx", "fields": fields, "name": "knock", **more}


def test_one_press_makes_one_operation_however_often_it_arrives(kernel, page, lab):
    before, key = kernel.value("len(sp.history())"), str(uuid.uuid4())
    first = page.ask("make", **press(lab, key=key))
    kernel.run("made, knock = knock, 'mine'")
    again = page.ask("make", **press(lab, key=key))
    assert first == again == {**again, "say": "made", "key": key, "words": "knock was sent."}
    assert kernel.value("(len(sp.history()), made.key, knock)") == (before + 1, key, "mine")
    assert kernel.value("made.result(60).status") == "ready"
    page.ask("make", **press(lab, key=str(uuid.uuid4())))
    assert kernel.value("len(sp.history())") == before + 2
    seen = page.ask("look", takes=[], views=[lab])
    assert seen["views"][0]["id"] == lab


def test_a_refused_press_may_be_repeated_under_its_key(kernel, page, lab):
    before, key = kernel.value("len(sp.history())"), str(uuid.uuid4())
    assert page.ask("make", **press(lab, key=key, name="no name"))["say"] == "refused"
    assert page.ask("make", **press(lab, key=key))["say"] == "made"
    assert page.ask("make", **press(lab, key="no key"))["say"] == "refused"
    assert kernel.value("len(sp.history())") == before + 1


def test_a_message_without_a_key_is_known_by_its_id(kernel, page, lab):
    before = kernel.value("len(sp.history())")
    for msg_id in ("one", "one", "another"):
        page.say({"do": "make", **press(lab)}, msg_id)
        assert page.answer()["say"] == "made"
    assert kernel.value("len(sp.history())") == before + 2


def test_a_request_that_comes_again_begins_nothing_twice(kernel, page):
    cell = (
        "%soundpiece_fx twice -p Knock -d 1\n%soundpiece_fx twice -p Knock -d 1\n"
        "%soundpiece_fx board -p {{what}} -d 1 --sweep what=Knock,Bang\n"
        "for _ in range(2):\n"
        "    try: get_ipython().run_line_magic('soundpiece_fx', '-p Knock -d soon')\n"
        "    except sp.SoundpieceError: ran = globals().get('ran', 0) + 1"
    )
    before = kernel.value("len(sp.history())")
    asked = page.execute(cell)
    assert kernel.value("(len(sp.history()), ran)") == (before + 4, 2)
    handles = kernel.value("(twice.key, board.keys)")
    assert page.execute(cell, asked) == asked
    assert kernel.value("(len(sp.history()), ran)") == (before + 4, 4)
    assert kernel.value("(twice.key, board.keys)") == handles
    page.execute(cell)  # a person runs the cell again
    assert kernel.value("(len(sp.history()), ran)") == (before + 8, 6)


# ------------------------------------------------------------------ nonsense, and the kernel


def test_nonsense_does_no_harm(page, hit):
    page.ask("look", takes=[], views=[])
    before = len(page.heard)
    for nonsense in (
        None,
        [],
        7,
        "look",
        {},
        {"do": None},
        {"do": 7},
        {"do": ["look"]},
        {"do": "explode"},
        {"do": "__class__"},
        {"do": "look"},
        {"do": "look", "takes": 7, "views": None},
        {"do": "look", "takes": [None, {"key": {"a": []}}], "views": []},
        {"do": "judge"},
        {"do": "judge", "key": [], "take": 10**400, "rating": 1},
        {"do": "arrange", "view": {}},
        {"do": "make", "form": None, "route": None, "fields": None},
    ):
        page.say(nonsense)
    page.say({"do": "look", "takes": [{"key": hit, "take": 1}], "views": []})
    answer = {}
    while answer.get("say") != "seen":
        answer = page.answer()
    assert [each["key"] for each in answer["judged"]] == [hit]
    shown = {message["msg_type"] for message in page.heard[before:]}
    assert not shown & {"stream", "error", "display_data"}


def test_while_a_cell_runs_messages_wait_and_are_answered_after_it(kernel, page, hit):
    kernel.client.execute("import time; time.sleep(0.8); print('awake')")
    page.wait_for("execute_input", lambda content: "awake" in content["code"])
    began = len(page.heard)
    page.say({"do": "judge", "key": hit, "take": 1, "rating": 5})
    assert page.answer()["judged"][0]["rating"] == 5
    between = [each["content"].get("text") for each in page.heard[began:]]
    assert "awake\n" in between
    assert kernel.value("hit.outputs[0].rating") == 5


def test_unloading_closes_it_and_loading_again_brings_another(kernel, page):
    first = page.opened["comm_id"]
    kernel.run("%unload_ext soundpiece_nb")
    page.wait_for("comm_close", lambda content: content["comm_id"] == first)
    page.say({"do": "look", "takes": [], "views": []})
    kernel.run("%load_ext soundpiece_nb\n%soundpiece_show hit")
    assert page.find_companion()["comm_id"] != first
    assert page.ask("look", takes=[], views=[])["say"] == "seen"
