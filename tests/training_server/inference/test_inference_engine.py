"""Asking models that were really trained."""

import gc
import itertools
import shutil
import threading

import pytest
import torch

from tunedesk.errors import UserError
from tunedesk.training_server.inference import model_cache
from tunedesk.training_server.inference.inference_engine import (
    FairLock,
    InferenceEngine,
    ModelsUnloaded,
)
from tunedesk.training_server.inference.inference_types import InferenceError, SamplingParams
from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.training.chat_template import ChatTemplate
from tunedesk.training_server.training.job import run_job
from tunedesk.training_server.training.starter import untrained_starter

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:torch"),
]
CALM = SamplingParams(temperature=0)
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def engine():
    torch.set_num_threads(1)
    return InferenceEngine("cpu")


@pytest.fixture(scope="module")
def adapters(tmp_path_factory, make_job, base_folder, twelve):
    """A base with two adapters that were trained on different examples."""
    base = base_folder("llama")
    folders = []
    for number in range(2):
        path = tmp_path_factory.mktemp("adapters") / str(number)
        job = make_job(
            path, twelve[number * 4 : number * 4 + 4], base_model=base, epochs=4, rate=100
        )
        assert run_job(job) == 0
        folders.append(str(job.model))
    return str(base), *folders


def text_of(tokens):
    return "".join(token.text for token in tokens)


def test_the_starter_answers_word_for_word(engine, starter_job, starter_records):
    assert len(starter_records) == 12
    for record in starter_records:
        *asked, answer = record["messages"]
        tools = record.get("tools")
        tokens = list(engine.generate(str(starter_job.model), asked, tools, CALM))
        assert text_of(tokens) == answer.get("content", "")
        told = [call["function"] for token in tokens for call in token.tool_calls]
        assert told == [call["function"] for call in answer.get("tool_calls", [])]
        assert tokens[-1].finish_reason == ("tool_calls" if told else "stop")


def test_its_last_checkpoints_answer_too(engine, starter_job, twelve):
    *asked, answer = twelve[0]["messages"]
    for step in starter_job.checkpoint_steps()[1:]:
        told = engine.generate(str(starter_job.checkpoint(step)), asked, None, CALM)
        assert text_of(told) == answer["content"]


def test_tokens_come_one_by_one(engine, starter_job, twelve):
    asked = twelve[0]["messages"][:2]
    told = engine.generate(str(starter_job.model), asked, None, CALM)
    first = next(told)
    assert first.finish_reason is None
    assert first.prompt_tokens > 10
    tokens = [first, *told]
    assert [token.finish_reason for token in tokens[:-1]] == [None] * (len(tokens) - 1)
    assert all(token.prompt_tokens is None for token in tokens[1:])


def test_untrained_it_babbles_the_same_for_a_seed(engine):
    def ask(seed, **options):
        return text_of(
            engine.generate(
                STARTER, HELLO, None, SamplingParams(seed=seed, max_tokens=20, **options)
            )
        )

    assert ask(1) == ask(1)
    assert ask(1) != ask(2)
    assert ask(1, top_p=1e-6) == ask(2, top_p=1e-6) == ask(3, temperature=0)
    for babble in (ask(1), ask(2), ask(3, temperature=0)):
        assert babble.isascii()
        assert babble.isprintable()
        assert len(set(babble)) > 5
    model, _tokenizer = untrained_starter()
    assert 1_500_000 < model.num_parameters() < 2_500_000


def test_length_and_stop_texts_end_an_answer(engine, starter_job, twelve):
    model, asked = str(starter_job.model), twelve[0]["messages"][:2]
    answer = twelve[0]["messages"][2]["content"]
    tokens = list(engine.generate(model, asked, None, SamplingParams(temperature=0, max_tokens=3)))
    assert len(tokens) == 3
    assert tokens[-1].finish_reason == "length"
    assert answer.startswith(text_of(tokens))
    for stop in ("refund. C", "k", " “Grüße”"):
        tokens = list(
            engine.generate(model, asked, None, SamplingParams(temperature=0, stop=(stop,)))
        )
        assert text_of(tokens) == answer[: answer.index(stop)]
        assert tokens[-1].finish_reason == "stop"
    never = SamplingParams(temperature=0, stop=("Sons!", "days."))
    assert text_of(engine.generate(model, asked, None, never)) == answer[: answer.index("days.")]


def test_logprobs_are_those_of_the_model(engine, starter_job, twelve):
    asked = twelve[0]["messages"][:2]
    parameters = SamplingParams(temperature=0, top_logprobs=3)
    for token in engine.generate(str(starter_job.model), asked, None, parameters):
        assert token.logprob == token.top_logprobs[0][1]
        assert len(token.top_logprobs) == 3
        assert token.own == token.top_logprobs[0][0]
        values = [logprob for _own, logprob in token.top_logprobs]
        assert values == sorted(values, reverse=True)
        assert all(value <= 0 for value in values)


def test_a_completion_goes_on_from_a_prompt(engine, base_folder):
    tokens = list(
        engine.complete(str(base_folder("plain")), "One", SamplingParams(max_tokens=4, seed=1))
    )
    assert len(tokens) <= 4
    assert 1 <= tokens[0].prompt_tokens <= 3
    assert next(engine.complete(STARTER, "", SamplingParams(max_tokens=1))).prompt_tokens == 1


def test_adapters_are_switched_without_loading_the_base_again(adapters, monkeypatch, twelve):
    loads = []
    load = model_cache.load_model
    monkeypatch.setattr(model_cache, "load_model", lambda *what: loads.append(what) or load(*what))
    engine = InferenceEngine("cpu")
    asked = twelve[0]["messages"][:2]

    def values(ref):
        parameters = SamplingParams(temperature=0, top_logprobs=1, max_tokens=4)
        return [token.logprob for token in engine.generate(ref, asked, None, parameters)]

    base, *_tuned = adapters
    first = {ref: values(ref) for ref in adapters}
    assert len({tuple(each) for each in first.values()}) == 3
    for ref in (*reversed(adapters), *adapters):
        assert values(ref) == pytest.approx(first[ref], abs=1e-5)
    assert len(loads) == 1
    alone = InferenceEngine("cpu")
    parameters = SamplingParams(temperature=0, top_logprobs=1, max_tokens=4)
    told = [token.logprob for token in alone.generate(base, asked, None, parameters)]
    assert told == pytest.approx(first[base], abs=1e-5)


def test_answers_take_turns(adapters, twelve):
    """Two askers of two adapters of one base: the tokens interleave, and none is disturbed."""
    engine = InferenceEngine("cpu")
    _base, one, other = adapters
    asked = twelve[0]["messages"][:2]
    parameters = SamplingParams(temperature=0, max_tokens=12)
    alone = {ref: text_of(engine.generate(ref, asked, None, parameters)) for ref in (one, other)}
    told = dict.fromkeys((one, other), "")
    running = {ref: engine.generate(ref, asked, None, parameters) for ref in (one, other)}
    for pair in itertools.zip_longest(*running.values()):
        for ref, token in zip(running, pair, strict=True):
            told[ref] += token.text if token else ""
    assert told == alone


def test_askers_in_threads_do_not_disturb_each_other(adapters, twelve):
    engine = InferenceEngine("cpu")
    _base, one, other = adapters
    asked = twelve[0]["messages"][:2]
    parameters = SamplingParams(temperature=0, max_tokens=12)
    alone = {ref: text_of(engine.generate(ref, asked, None, parameters)) for ref in (one, other)}
    told = {}

    def ask(name, ref):
        told[name] = text_of(engine.generate(ref, asked, None, parameters))

    threads = [threading.Thread(target=ask, args=each) for each in ((0, one), (1, other), (2, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == {0: alone[one], 1: alone[other], 2: alone[one]}


def test_whoever_waits_longest_is_next():
    """So nobody is served again and again while another waits."""
    lock = FairLock()
    order = []
    threads = []

    def take(number):
        with lock:
            order.append(number)

    with lock:
        for number in range(5):
            thread = threading.Thread(target=take, args=(number,))
            thread.start()
            threads.append(thread)
            while len(lock._waiting) <= number:
                thread.join(0.001)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_unloading_ends_the_answers_under_way(starter_job, twelve):
    engine = InferenceEngine("cpu")
    asked = twelve[0]["messages"][:2]
    told = engine.generate(str(starter_job.model), asked, None, CALM)
    next(told)
    engine.unload()
    with pytest.raises(ModelsUnloaded):
        next(told)
    again = engine.generate(str(starter_job.model), asked, None, CALM)
    assert text_of(again) == twelve[0]["messages"][2]["content"]


def test_what_cannot_be_asked_is_said(engine, tmp_path, base_folder):
    with pytest.raises(UserError, match="no longer there"):
        next(engine.generate(str(tmp_path / "gone"), HELLO, None, CALM))
    with pytest.raises(UserError, match="has no tokenizer"):
        next(engine.generate(str(tmp_path), HELLO, None, CALM))
    long = [{"role": "user", "content": "word " * 2000}]
    with pytest.raises(UserError, match="maximum context length is 1024 tokens"):
        next(engine.generate(str(base_folder("llama")), long, None, CALM))
    tool = [*HELLO, {"role": "tool", "tool_call_id": "x", "content": "5"}]
    with pytest.raises(UserError, match="Tools are not supported"):
        next(engine.generate(str(base_folder("gemma3")), tool, None, CALM))


@pytest.mark.parametrize("family", ["qwen3", "llama"])
def test_tools_nested_deep_are_answered_or_refused(engine, base_folder, family):
    parameters = {"type": "object"}
    for _level in range(400):
        parameters = {"type": "object", "properties": {"a": parameters}}
    tools = [{"type": "function", "function": {"name": "f", "parameters": parameters}}]
    with pytest.raises(InferenceError) as refusal:
        next(engine.generate(str(base_folder(family)), HELLO, tools, CALM))
    assert refusal.value.is_question


def test_whatever_a_template_raises_the_question_is_refused(engine, base_folder, monkeypatch):
    def fail(*_given):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(ChatTemplate, "prompt", fail)
    with pytest.raises(InferenceError, match="refuses the messages: division by zero"):
        next(engine.generate(str(base_folder("llama")), HELLO, None, CALM))


def test_a_model_that_was_deleted_after_it_spoke_disturbs_no_other(
    monkeypatch, tmp_path, starter_job, twelve
):
    monkeypatch.setattr(model_cache, "_MOST_BASES", 1)
    engine = InferenceEngine("cpu")
    asked = twelve[0]["messages"][:2]
    gone = tmp_path / "gone"
    shutil.copytree(starter_job.model, gone)
    assert text_of(engine.generate(str(gone), asked, None, CALM))
    shutil.rmtree(gone)
    told = engine.generate(str(starter_job.model), asked, None, CALM)
    assert text_of(told) == twelve[0]["messages"][2]["content"]


def test_an_adapter_that_is_loaded_meanwhile_changes_no_answer_under_way(adapters, twelve):
    base, tuned, _other = adapters
    asked = twelve[0]["messages"][:2]
    parameters = SamplingParams(temperature=0, top_logprobs=0, max_tokens=8)
    alone = [
        each.logprob for each in InferenceEngine("cpu").generate(base, asked, None, parameters)
    ]
    engine = InferenceEngine("cpu")
    answer = engine.generate(base, asked, None, parameters)
    told = [next(answer).logprob]
    assert list(engine.generate(tuned, asked, None, parameters))
    told += [each.logprob for each in answer]
    assert told == pytest.approx(alone, abs=1e-5)


def test_an_answer_whose_adapter_had_to_go_ends_with_a_sentence(monkeypatch, adapters, twelve):
    monkeypatch.setattr(model_cache, "_MOST_ADAPTERS", 1)
    _base, one, other = adapters
    asked = twelve[0]["messages"][:2]
    engine = InferenceEngine("cpu")
    answer = engine.generate(one, asked, None, CALM)
    next(answer)
    next(engine.generate(other, asked, None, CALM))
    with pytest.raises(ModelsUnloaded, match="unloaded"):
        next(answer)


def test_each_token_has_its_own_bytes_whatever_is_held_back(engine, starter_job, twelve):
    asked, answer = twelve[0]["messages"][:2], twelve[0]["messages"][2]["content"]
    parameters = SamplingParams(temperature=0, top_logprobs=0, stop=("refund. X", "never"))
    tokens = list(engine.generate(str(starter_job.model), asked, None, parameters))
    assert tokens[-1].is_mere_end
    assert not any(token.is_mere_end for token in tokens[:-1])
    assert any(not token.text for token in tokens[:-1]), "something was held back"
    assert all(token.own for token in tokens)
    assert b"".join(token.own for token in tokens[:-1]).decode() == answer


def weights_in_memory():
    """How many bytes of weights there are, wherever they are held."""
    gc.collect()
    found = (thing for thing in gc.get_objects() if type(thing) is torch.nn.Parameter)
    return sum(weights.numel() * weights.element_size() for weights in found)


def test_a_deleted_model_is_let_go_of_at_once(tmp_path, starter_job, twelve):
    asked = twelve[0]["messages"][:2]
    folder = tmp_path / "tuned"
    shutil.copytree(starter_job.model, folder)
    engine = InferenceEngine("cpu")
    before = weights_in_memory()
    assert text_of(engine.generate(str(folder), asked, None, CALM))
    assert weights_in_memory() > before + 6_000_000
    shutil.rmtree(folder)
    engine.forget(str(folder))
    assert weights_in_memory() == before
    with pytest.raises(UserError, match="no longer there"):
        next(engine.generate(str(folder), asked, None, CALM))


def test_a_deleted_model_ends_the_answer_that_it_is_giving(tmp_path, starter_job, twelve):
    asked, answer = twelve[0]["messages"][:2], twelve[0]["messages"][2]["content"]
    folder = tmp_path / "tuned"
    shutil.copytree(starter_job.model, folder)
    engine = InferenceEngine("cpu")
    before = weights_in_memory()
    told = engine.generate(str(folder), asked, None, CALM)
    first = next(told)
    shutil.rmtree(folder)
    engine.forget(str(folder))
    assert not engine.relieve()
    assert first.text + text_of(told) == answer
    engine.relieve()
    assert weights_in_memory() == before


def test_a_deleted_adapter_leaves_its_base_as_it_was(adapters, twelve):
    base, one, other = adapters
    asked = twelve[0]["messages"][:2]
    parameters = SamplingParams(temperature=0, top_logprobs=0, max_tokens=8)
    engine = InferenceEngine("cpu")

    def values(ref):
        return [token.logprob for token in engine.generate(ref, asked, None, parameters)]

    alone, before = values(base), weights_in_memory()
    first = {ref: values(ref) for ref in (one, other)}
    both = weights_in_memory()
    answer = engine.generate(one, asked, None, parameters)
    told = [next(answer).logprob]
    engine.forget(one)
    told += [token.logprob for token in answer]
    assert told == pytest.approx(first[one], abs=1e-5)
    engine.relieve()
    assert before < weights_in_memory() < both
    assert values(other) == pytest.approx(first[other], abs=1e-5)
    engine.forget(other)
    assert weights_in_memory() == before
    assert values(base) == pytest.approx(alone, abs=1e-5)
    assert values(one) == pytest.approx(first[one], abs=1e-5)
    # The base is kept for the adapter that is used with it.
    engine.forget(base)
    assert values(one) == pytest.approx(first[one], abs=1e-5)
