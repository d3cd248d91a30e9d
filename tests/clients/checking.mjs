// What the scripts in JavaScript share: checks with a name each, told as a line of JSON each.

export const baseURL = process.env.CLIENT_BASE_URL;
export const apiKey = process.env.CLIENT_API_KEY;
export const model = process.env.CLIENT_MODEL ?? "tunedesk-starter";
export const question = "Who came to the door?";

const checks = [];

export function check(name, run) {
  checks.push([name, run]);
}

export function assert(isTrue) {
  if (!isTrue) throw new Error("not as expected");
}

export async function runChecks() {
  for (const [name, run] of checks) {
    let said = "";
    try {
      await run();
    } catch (error) {
      console.error(error);
      said = `${error.name}: ${error.message}`.replace(/\s+/g, " ").slice(0, 200);
    }
    console.log(JSON.stringify({ check: name, works: !said, said }));
  }
}
