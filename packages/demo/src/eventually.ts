import { setTimeout as delay } from "node:timers/promises";

const pauseMs = 50;

/** Asks until `accept` likes the answer or the time is over; the last answer either way. */
export async function eventually<Answer>(
  ask: () => Promise<Answer>,
  accept: (answer: Answer) => boolean,
  timeoutMs: number,
): Promise<Answer> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (accept(answer) || performance.now() >= endMs) return answer;
    await delay(pauseMs);
  }
}
