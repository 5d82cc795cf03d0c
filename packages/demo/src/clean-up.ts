/** What is made is undone in the opposite order, all of it, also when one step fails. */
export interface CleanUp {
  add(undo: () => void | Promise<void>): void;
  /** May be called again for what was added since. Resolves with the errors of steps that failed. */
  run(): Promise<readonly unknown[]>;
}

export function createCleanUp(): CleanUp {
  const steps: (() => void | Promise<void>)[] = [];
  return {
    add: (undo) => void steps.push(undo),
    async run() {
      const errors: unknown[] = [];
      for (let undo = steps.pop(); undo !== undefined; undo = steps.pop()) {
        try {
          await undo();
        } catch (error) {
          errors.push(error);
        }
      }
      return errors;
    },
  };
}
