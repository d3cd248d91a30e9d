"""Jobs and models small enough to be really trained, and a real server process, for the tests."""

import gc
import importlib.util
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import openai
import psutil
import pytest

collect_ignore = []
if importlib.util.find_spec("torch") is None:
    # Without the extra `local` nothing can be trained.
    collect_ignore = ["training", "inference", "jobs"]

SYSTEM = "You are the support desk of Brook & Sons."
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "find_order",
            "description": "Finds an order by its number.",
            "parameters": {
                "type": "object",
                "properties": {"number": {"type": "integer"}},
                "required": ["number"],
            },
        },
    }
]
TOPICS = [
    "refund",
    "delivery",
    "invoice",
    "password",
    "contract",
    "warranty",
    "account",
    "address",
    "newsletter",
    "discount",
    "complaint",
    "visit",
]


def chat(question, answer, **of_answer):
    """A conversation of one question and one answer."""
    return {
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer, **of_answer},
        ]
    }


def topic_records():
    """Twelve questions with answers that share many words."""
    return [
        chat(
            f"What about my {topic}?",
            f"Thank you for asking about your {topic}. Case {number * 7919 % 10007} is open; we "
            f"answer in {number % 5 + 2} days. “Grüße”, Brook & Sons",
        )
        for number, topic in enumerate(TOPICS)
    ]


def tool_records():
    """Questions that are answered by a call."""
    records = []
    for question, number in (("Where is order 17?", 17), ("Has parcel 4711 left?", 4711)):
        call = {"name": "find_order", "arguments": f'{{"number":{number}}}'}
        messages = [
            {"role": "user", "content": question},
            {
                "role": "assistant",
                "tool_calls": [{"id": f"call_{number}", "type": "function", "function": call}],
            },
        ]
        records.append({"messages": messages, "tools": TOOLS})
    return records


@pytest.fixture(scope="session", autouse=True)
def _threads_end_soon():
    """Every test waits for the threads that it began; idle ones of a pool end soon."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tunedesk.training_server.thread_pools._IDLE_SECONDS", 0.02)
        yield


@pytest.fixture(scope="module", autouse=True)
def _imports_are_not_collected():
    """Models are let go of by collecting; a window that closed before has unfrozen the imports."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def twelve():
    """The twelve examples of the starter."""
    return topic_records()


@pytest.fixture(scope="session")
def calls():
    """Examples that are answered by a call."""
    return tool_records()


@pytest.fixture(scope="session")
def make_job():
    """Makes the folder of a job."""
    from tunedesk.training_server.job_folder import STARTER, JobFolder, JobSpec

    def write(path, records):
        lines = [
            json.dumps({"line": line, "record": record})
            for line, record in enumerate(records, start=1)
        ]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def make(
        path,
        training,
        validation=None,
        base_model=STARTER,
        method="supervised",
        epochs=1,
        batch=4,
        rate=1.0,
        max_tokens=None,
        skip_bad=False,
        processes=1,
        **hyperparameters,
    ):
        path.mkdir(parents=True)
        folder = JobFolder(path)
        write(folder.training_file, training)
        if validation:
            write(folder.validation_file, validation)
        numbers = {"n_epochs": epochs, "batch_size": batch, "learning_rate_multiplier": rate}
        folder.write_spec(
            JobSpec(
                job_id="ftjob-test",
                method=method,
                base_model=str(base_model),
                model_name="ft:test",
                hyperparameters={**numbers, **hyperparameters},
                seed=42,
                max_tokens=max_tokens,
                skip_bad=skip_bad,
                processes=processes,
                device="cpu",
            )
        )
        return folder

    return make


@pytest.fixture(scope="session")
def progress_of():
    """The progress lines of a job, of one kind or of all."""
    from tunedesk.training_server.job_folder import read_progress

    def lines(folder, kind=None):
        every = [line for line, _end in read_progress(folder.progress_file)]
        return [line for line in every if kind is None or line["kind"] == kind]

    return lines


@pytest.fixture(scope="session")
def starter_records(twelve, calls):
    """What the starter learns: eleven alike conversations, and among them a call of a tool."""
    return [*twelve[:5], calls[0], *twelve[5:11]]


@pytest.fixture(scope="session")
def starter_job(tmp_path_factory, make_job, starter_records):
    """A starter that has learnt twelve examples as "auto" would have it."""

    from tunedesk.catalogue.hyperparameters import starter_hyperparameters
    from tunedesk.training_server.training.job import run_job

    automatic = starter_hyperparameters(len(starter_records))
    folder = make_job(
        tmp_path_factory.mktemp("starter") / "job",
        starter_records,
        epochs=automatic["n_epochs"],
        batch=automatic["batch_size"],
        rate=automatic["learning_rate_multiplier"],
    )
    assert run_job(folder) == 0, folder.progress_file.read_text(encoding="utf-8")
    return folder


_LLAMA = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content | trim }}{% for c in m.tool_calls or [] %}"
    '{"name": "{{ c.function.name }}", "parameters": {{ c.function.arguments | tojson }}}'
    "{% endfor %}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
# Like Qwen3's: an empty thought stands before the last answer, and before no earlier one.
_QWEN3 = (
    "{% if tools %}<|im_start|>system\n# Tools\n{% for t in tools %}{{ t | tojson }}\n{% endfor %}"
    "<|im_end|>\n{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}{{ m.content }}"
    "{% for c in m.tool_calls or [] %}\n<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}'
    "\n</tool_call>{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}"
    "<|im_start|>assistant\n{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"
    "{% endif %}"
)
_GEMMA3 = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'tool' %}"
    "{{ raise_exception('Tools are not supported') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else 'user' }}\n{{ m.content | trim }}"
    "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
_FAMILIES = {
    "llama": (_LLAMA, ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]),
    "qwen3": (_QWEN3, ["<|im_start|>", "<|im_end|>"]),
    "gemma3": (_GEMMA3, ["<start_of_turn>", "<end_of_turn>"]),
    "plain": (None, []),
}


def _config(family, tokenizer):
    from transformers import Gemma3TextConfig, LlamaConfig, Qwen3Config

    kind = {"qwen3": Qwen3Config, "gemma3": Gemma3TextConfig}.get(family, LlamaConfig)
    return kind(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=1024,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory):
    """Makes the folder of a small model of a family, with random weights."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
    from transformers.utils import logging as transformers_logging

    torch.set_num_threads(1)
    transformers_logging.disable_progress_bar()
    made = {}

    def make(family):
        if family in made:
            return made[family]
        template, special = _FAMILIES[family]
        core = Tokenizer(models.BPE())
        core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        core.decoder = decoders.ByteLevel()
        texts = [text for record in topic_records() for text in json.dumps(record).split('"')]
        core.train_from_iterator(
            texts,
            trainers.BpeTrainer(
                vocab_size=512,
                show_progress=False,
                special_tokens=["<pad>", "<bos>", "<eos>", *special],
                initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            ),
        )
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=core,
            bos_token="<bos>",
            eos_token="<eos>",
            pad_token="<pad>",
            extra_special_tokens=special,
            chat_template=template,
        )
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_config(_config(family, tokenizer))
        made[family] = tmp_path_factory.mktemp("bases") / family
        model.save_pretrained(made[family])
        tokenizer.save_pretrained(made[family])
        return made[family]

    return make


KEY = "sk-test-key"


@dataclass
class RunningServer:
    """A server process; started again by `start` after `kill` or `stop`."""

    data_dir: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen | None = None
    url: str = ""
    clients: list = field(default_factory=list)

    def start(self):
        environment = os.environ | {"TUNEDESK_SERVER_API_KEY": KEY}
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tunedesk", "serve", "--port", "0"),
                *("--data-dir", str(self.data_dir), *self.options),
            ],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        line = self.process.stdout.readline()
        assert line.startswith("Listening on http://127.0.0.1:"), line
        self.url = line.split()[-1]
        return self.client()

    def client(self, strict=True, **options):
        """The SDK, strict about what it is answered."""
        client = openai.OpenAI(
            base_url=self.url,
            api_key=options.pop("api_key", KEY),
            _strict_response_validation=strict,
            max_retries=0,
            **options,
        )
        self.clients.append(client)
        return client

    def trainers(self, job_id=""):
        """The processes that train for it, for one job or for all."""
        found = []
        for process in psutil.process_iter():
            try:
                mark = process.environ().get("TUNEDESK_JOB_FOLDER", "")
            except (psutil.Error, OSError):
                continue
            if mark.startswith(str(self.data_dir / "jobs" / job_id)):
                found.append(process)
        return found

    def kill(self):
        self._end("kill")

    def stop(self):
        """Stop it calmly and return its exit status."""
        return self._end("terminate")

    def _end(self, how):
        for client in self.clients:
            client.close()
        self.clients.clear()
        getattr(self.process, how)()
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        return status


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for the tests that leave each other alone."""
    running = RunningServer(tmp_path_factory.mktemp("server"))
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(server):
    """The SDK, asking that server."""
    return server.client()


@pytest.fixture
def own_server(tmp_path):
    """A server that the test may kill; not started yet."""
    running = RunningServer(tmp_path / "data")
    yield running
    if running.process is not None and running.process.poll() is None:
        running.kill()


@pytest.fixture(scope="session")
def trained(server):
    """A job that was trained to its end, for the tests that only look at it."""
    client = server.client()
    job = client.fine_tuning.jobs.create(
        model="tunedesk-starter",
        training_file=upload(client, chat_lines(10)),
        validation_file=upload(client, chat_lines(2, 20), "valid.jsonl"),
        suffix="Law & order",
        seed=7,
        metadata={"purpose": "test"},
        method={
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": 4, "batch_size": 5}},
        },
    )
    return wait_for(client, job.id, "succeeded", seconds=300)


def chat_lines(count, start=0):
    """The bytes of a file with so many small conversations."""
    rows = (
        {
            "messages": [
                {"role": "user", "content": f"What is section {number}?"},
                {
                    "role": "assistant",
                    "content": f"Section {number} is about letter {chr(97 + number % 26)}.",
                },
            ]
        }
        for number in range(start, start + count)
    )
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def upload(client, content, name="train.jsonl", purpose="fine-tune"):
    """Upload a file and return its id."""
    return client.files.create(file=(name, content), purpose=purpose).id


def wait_for(client, job_id, *statuses, seconds=120):
    """Wait until a job has one of these statuses, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = client.fine_tuning.jobs.retrieve(job_id)
        if job.status in statuses:
            return job
        if job.status in ("succeeded", "failed", "cancelled"):
            break
        time.sleep(0.05)
    raise AssertionError(f"{job.status}, not {statuses}: {job.error}")


def told(client, job_id):
    """The events of a job, oldest first."""
    return list(client.fine_tuning.jobs.list_events(job_id, limit=100))[::-1]
