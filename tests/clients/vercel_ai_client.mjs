// The Vercel AI SDK, with its provider for OpenAI at another address and the one for compatible servers.

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject, generateText, streamObject, streamText, tool } from "ai";
import { z } from "zod";
import { check, runChecks, baseURL, apiKey, model, question, assert } from "./checking.mjs";

const openai = createOpenAI({ baseURL, apiKey });
const compatible = createOpenAICompatible({
  name: "local", baseURL, apiKey, supportsStructuredOutputs: true, includeUsage: true,
});
const KINDS = { "responses": openai(model), "chat": openai.chat(model), "compatible": compatible(model) };
const schema = z.object({ kind: z.enum(["guest", "member"]), is_new: z.boolean() });
const open_door = tool({
  description: "Opens the door.",
  inputSchema: z.object({ is_wide: z.boolean() }),
  execute: async ({ is_wide }) => `open, wide: ${is_wide}`,
});

for (const [name, chosen] of Object.entries(KINDS)) {
  const options = { model: chosen, prompt: question, maxRetries: 0 };
  check(`generateText and streamText (${name})`, async () => {
    const answer = await generateText({ ...options, maxOutputTokens: 5 });
    assert(answer.text && answer.finishReason === "length" && answer.usage.outputTokens === 5);
    let text = "";
    const stream = streamText({ ...options, maxOutputTokens: 5, onError: ({ error }) => { throw error; } });
    for await (const piece of stream.textStream) text += piece;
    assert(text);
  });
  check(`generateObject and streamObject (${name})`, async () => {
    const answer = await generateObject({ ...options, maxOutputTokens: 300, schema });
    assert(typeof answer.object.is_new === "boolean");
    const stream = streamObject({ ...options, maxOutputTokens: 300, schema });
    for await (const _part of stream.partialObjectStream);
    assert(typeof (await stream.object).is_new === "boolean");
  });
  check(`tools with toolChoice, called and answered (${name})`, async () => {
    const answer = await generateText({
      ...options, maxOutputTokens: 300, tools: { open_door }, toolChoice: "required",
    });
    assert(answer.toolCalls[0].toolName === "open_door");
    assert(answer.toolResults[0].output.startsWith("open"));
    const more = await generateText({
      model: chosen, maxRetries: 0, maxOutputTokens: 5, tools: { open_door }, toolChoice: "none",
      messages: [{ role: "user", content: question }, ...answer.response.messages],
    });
    assert(more.text);
  });
}

await runChecks();
