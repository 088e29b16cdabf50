import type { InferenceMessage, ModelManifest } from '@fleetwright/contracts';

export type Verdict = InferenceMessage['verdict'];

type Outputs = ModelManifest['outputs'];

/** What the cloud is told. */
export interface VerdictNews {
  readonly verdict: Verdict;
  readonly alarm: 'raised' | 'cleared' | undefined;
  /** Whether an alarm stands from now on. */
  readonly raised: boolean;
}

/** What is thought of one subject, over windows. */
export class SubjectVerdict {
  readonly #alarmed = new Set<string>();
  readonly #streaks = new Map<string, number>();
  #shown: Verdict | undefined;
  #settled: Verdict | undefined;
  #raised: boolean;
  #unknownSince: number | undefined;

  /** @param told to the cloud before a restart */
  constructor(told: { readonly verdict: Verdict; readonly raised: boolean } | undefined, outputs: Outputs) {
    this.#settled = told?.verdict;
    this.#raised = told?.raised ?? false;
    // Which output it was is not remembered: each must clear the alarm.
    if (this.#raised) for (const { alarm, name } of outputs) if (alarm !== undefined) this.#alarmed.add(name);
  }

  /** Whether the cloud was told of an alarm that has not been cleared. */
  get raised(): boolean {
    return this.#raised;
  }

  /** Takes in a window that said something. @param values in the order of the outputs */
  judge(outputs: Outputs, values: readonly number[]): { verdict: Verdict; changed: boolean } {
    this.#unknownSince = undefined;
    outputs.forEach(({ alarm, name }, at) => {
      if (alarm === undefined) return;
      const alarmed = this.#alarmed.has(name);
      const value = values[at] as number;
      const says = alarmed ? value <= alarm.clear : value > alarm.above;
      const streak = says ? (this.#streaks.get(name) ?? 0) + 1 : 0;
      this.#streaks.set(name, streak >= alarm.after ? 0 : streak);
      if (streak < alarm.after) return;
      if (alarmed) this.#alarmed.delete(name);
      else this.#alarmed.add(name);
    });
    for (const name of this.#alarmed) if (!outputs.some((output) => output.name === name)) this.#alarmed.delete(name);
    return this.#show(this.#alarmed.size > 0 ? 'alarm' : 'normal');
  }

  /** Takes in a window that said nothing. @param end of the window */
  miss(end: number): { verdict: Verdict; changed: boolean } {
    this.#unknownSince ??= end;
    return this.#show('unknown');
  }

  /**
   * What the cloud is to be told now, if anything: a verdict that has changed. Silence counts once it has lasted `patience`, so that
   * a restart, which has no samples at first, is no news.
   * @param end of the window
   */
  settle(end: number, patience: number): VerdictNews | undefined {
    const verdict = this.#shown;
    const before = this.#settled;
    if (verdict === undefined || verdict === before) return undefined;
    if (verdict === 'unknown' && (before === undefined || end - (this.#unknownSince ?? end) < patience))
      return undefined;
    this.#settled = verdict;
    // That nothing is wrong with what is new here is no news.
    if (before === undefined && verdict === 'normal') return undefined;
    const alarm = verdict === 'alarm' ? 'raised' : this.#raised && verdict === 'normal' ? 'cleared' : undefined;
    if (alarm !== undefined) this.#raised = alarm === 'raised';
    return { verdict, alarm, raised: this.#raised };
  }

  #show(verdict: Verdict): { verdict: Verdict; changed: boolean } {
    const changed = verdict !== this.#shown;
    this.#shown = verdict;
    return { verdict, changed };
  }
}
