type Step = () => unknown;

/** How to undo what a test has started, in the reverse order. */
export class UndoStack {
  private readonly steps: Step[] = [];

  push(step: Step): void {
    this.steps.push(step);
  }

  async undo(): Promise<void> {
    for (let step = this.steps.pop(); step; step = this.steps.pop()) await step();
  }

  /** Runs `start`; when it fails, what it had started is undone. */
  static async whole<Result>(
    start: (undo: UndoStack) => Promise<Result>,
  ): Promise<{ result: Result; undo: UndoStack }> {
    const undo = new UndoStack();
    try {
      return { result: await start(undo), undo };
    } catch (error) {
      await undo.undo();
      throw error;
    }
  }
}
