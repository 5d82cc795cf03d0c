/** Runs jobs of the same key one after another, jobs of different keys side by side. */
export interface KeyLanes {
  run<T>(key: string, job: () => Promise<T>): Promise<T>;
  /** Keys with a job under way or waiting. */
  busy(key: string): boolean;
}

export function createKeyLanes(): KeyLanes {
  const tails = new Map<string, Promise<unknown>>();
  return {
    run(key, job) {
      const result = (tails.get(key) ?? Promise.resolve()).then(job, job);
      tails.set(key, result);
      const forget = () => {
        if (tails.get(key) === result) tails.delete(key);
      };
      result.then(forget, forget);
      return result;
    },
    busy: (key) => tails.has(key),
  };
}
