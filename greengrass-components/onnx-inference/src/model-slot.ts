import type { ComponentClock, ComponentLog } from '../../shared/src/component.ts';
import type { Configuration } from './configuration.ts';
import type { FieldHistory } from './field-history.ts';
import type { ModelKeeper } from './model-keeper.ts';
import type { ResultPublisher } from './result-publisher.ts';
import { type DueWindow, WindowLine } from './window-line.ts';

export interface SlotPorts {
  readonly keeper: ModelKeeper;
  readonly publisher: ResultPublisher;
  readonly history: FieldHistory;
  readonly clock: ComponentClock;
  readonly log: ComponentLog;
  configuration(): Configuration;
}

/** Windows of one subject that are made up for at once, after the clock or the process stood. */
const MOST_CAUGHT_UP = 5;

/** One model with its windows: says which are due. */
export class ModelSlot {
  readonly keeper: ModelKeeper;
  readonly publisher: ResultPublisher;
  readonly line: WindowLine;
  readonly #ports: SlotPorts;
  /** End of the last window that was due. */
  #last: number | undefined;
  #subjects: { readonly names: readonly string[]; readonly generation: number; readonly version: string } | undefined;
  #tooMany = 0;

  constructor(ports: SlotPorts) {
    const { history, keeper, log, publisher } = ports;
    this.#ports = ports;
    this.keeper = keeper;
    this.publisher = publisher;
    this.line = new WindowLine({
      keeper,
      history,
      log,
      settings: () => ports.configuration(),
      isNotable: (manifest, subject, values) => publisher.isNotable(manifest, subject, values),
      onResult: (result) => publisher.tell(result),
    });
  }

  get subjects(): readonly string[] {
    return this.#subjects?.names ?? [];
  }

  /** Looks which windows have ended. Never waits for a model: windows go on to be due while one runs. */
  tick(): void {
    const active = this.keeper.active;
    if (active !== undefined) this.line.add(this.#due(active.model.manifest));
    void this.line.run();
  }

  async close(): Promise<void> {
    this.line.stop();
    await this.keeper.close();
    await this.line.run();
    await this.publisher.told;
  }

  #due({
    inputs,
    version,
    window,
  }: {
    inputs: Parameters<FieldHistory['subjects']>[0];
    version: string;
    window: { step: number };
  }): DueWindow[] {
    const { step } = window;
    const { clock, configuration } = this.#ports;
    const end = Math.floor((clock.now() - configuration().lateness) / step) * step;
    const last = this.#last;
    // The clock has been set back by more than it ever runs behind.
    if (last !== undefined && end < last - 2 * step) this.#last = undefined;
    // What ended before the start has no samples here.
    this.#last ??= end;
    if (end <= this.#last) return [];
    const first = Math.max(this.#last + step, end - (MOST_CAUGHT_UP - 1) * step);
    this.#last = end;
    const due: DueWindow[] = [];
    for (let at = Math.ceil(first / step) * step; at <= end; at += step) {
      for (const subject of this.#subjectsFor(inputs, version)) due.push({ subject, end: at });
    }
    return due;
  }

  #subjectsFor(inputs: Parameters<FieldHistory['subjects']>[0], version: string): readonly string[] {
    const { configuration, history, log } = this.#ports;
    const known = this.#subjects;
    if (known?.generation === history.generation && known.version === version) return known.names;
    const { subjects } = this.keeper.source;
    const all = history.subjects(inputs).filter((name) => subjects.length === 0 || subjects.includes(name));
    const names = all.slice(0, configuration().maxSubjects);
    if (all.length > names.length && all.length !== this.#tooMany) {
      this.#tooMany = all.length;
      log.error('a model has too many subjects', {
        model: this.keeper.name,
        subjects: all.length,
        watched: names.length,
      });
    }
    this.#subjects = { names, generation: history.generation, version };
    return names;
  }
}
