// OpenAI's JavaScript SDK.

import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat, zodFunction } from "openai/helpers/zod";
import { z } from "zod";
import { check, runChecks, baseURL, apiKey, model, question, assert } from "./checking.mjs";

const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: question }];
const Visitor = z.object({ kind: z.enum(["guest", "member"]), is_new: z.boolean() });
const tool = {
  type: "function",
  function: {
    name: "open_door",
    description: "Opens the door.",
    parameters: {
      type: "object",
      properties: { is_wide: { type: "boolean" } },
      required: ["is_wide"],
      additionalProperties: false,
    },
  },
};

check("chat.completions.create", async () => {
  const answer = await client.chat.completions.create({ model, messages, max_tokens: 5 });
  assert(answer.choices[0].message.content);
  assert(answer.usage.completion_tokens === 5);
});

check("chat.completions.create with stream", async () => {
  const stream = await client.chat.completions.create({
    model, messages, max_tokens: 5, stream: true, stream_options: { include_usage: true },
  });
  let text = "";
  let usage = null;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert(text && usage.completion_tokens === 5);
});

check("chat.completions.parse with zodResponseFormat", async () => {
  const answer = await client.chat.completions.parse({
    model, messages, max_tokens: 300, response_format: zodResponseFormat(Visitor, "visitor"),
  });
  assert(typeof answer.choices[0].message.parsed.is_new === "boolean");
});

check("chat.completions.stream with zodResponseFormat", async () => {
  const stream = client.chat.completions.stream({
    model, messages, max_tokens: 300, response_format: zodResponseFormat(Visitor, "visitor"),
  });
  const answer = await stream.finalChatCompletion();
  assert(typeof answer.choices[0].message.parsed.is_new === "boolean");
});

check("a tool that is asked for, and its answer sent back", async () => {
  const first = await client.chat.completions.create({
    model, messages, max_tokens: 300, tools: [tool], tool_choice: "required",
    parallel_tool_calls: false,
  });
  const said = first.choices[0].message;
  assert(first.choices[0].finish_reason === "tool_calls");
  assert("is_wide" in JSON.parse(said.tool_calls[0].function.arguments));
  const second = await client.chat.completions.create({
    model, max_tokens: 5, tools: [tool], tool_choice: "none",
    messages: [...messages, said, { role: "tool", tool_call_id: said.tool_calls[0].id, content: "open" }],
  });
  assert(second.choices[0].message.content);
});

check("chat.completions.parse with zodFunction", async () => {
  const answer = await client.chat.completions.parse({
    model, messages, max_tokens: 300, tool_choice: "required",
    tools: [zodFunction({ name: "note", parameters: Visitor })],
  });
  const call = answer.choices[0].message.tool_calls[0];
  assert(typeof call.function.parsed_arguments.is_new === "boolean");
});

check("responses.create, and again with its output", async () => {
  const answer = await client.responses.create({ model, input: question, max_output_tokens: 5 });
  assert(answer.output_text && answer.status === "incomplete");
  const input = [{ role: "user", content: question }, ...answer.output, { role: "user", content: "And?" }];
  assert((await client.responses.create({ model, input, max_output_tokens: 5 })).output_text);
});

check("responses.stream", async () => {
  const stream = client.responses.stream({ model, input: question, max_output_tokens: 5 });
  const kinds = [];
  for await (const event of stream) kinds.push(event.type);
  assert(kinds[0] === "response.created" && kinds.at(-1) === "response.incomplete");
  assert((await stream.finalResponse()).output_text);
});

check("responses.parse with zodTextFormat", async () => {
  const answer = await client.responses.parse({
    model, input: question, max_output_tokens: 300, text: { format: zodTextFormat(Visitor, "visitor") },
  });
  assert(typeof answer.output_parsed.is_new === "boolean");
});

check("completions, models and files", async () => {
  const answer = await client.completions.create({ model, prompt: "The door", max_tokens: 4 });
  assert(answer.choices[0].text);
  const names = [];
  for await (const each of client.models.list()) names.push(each.id);
  assert(names.includes(model));
  const file = await client.files.create({
    file: new File(['{"messages": []}\n'], "a.jsonl"), purpose: "fine-tune",
  });
  assert((await client.files.delete(file.id)).deleted);
});

check("errors are told as BadRequestError and NotFoundError", async () => {
  for (const [options, kind] of [
    [{ temperature: 9 }, OpenAI.BadRequestError], [{ model: "absent" }, OpenAI.NotFoundError],
  ]) {
    try {
      await client.chat.completions.create({ model, messages, ...options });
    } catch (error) {
      assert(error instanceof kind);
      continue;
    }
    assert(false);
  }
});

await runChecks();
