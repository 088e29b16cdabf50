import { createHash } from 'node:crypto';
import { INFERENCE_TOPIC, type InferenceMessage, type ModelManifest, type Sample } from '@fleetwright/contracts';
import type { ComponentLog, LocalBus } from '../../shared/src/component.ts';
import type { Uploader } from '../../shared/src/uploader.ts';
import { leadingOutput } from './explain-result.ts';
import type { InferenceState } from './inference-state.ts';
import { SubjectVerdict, type VerdictNews } from './subject-verdict.ts';
import type { WindowResult } from './window-line.ts';

export interface PublisherPorts {
  readonly local: LocalBus;
  readonly uploader: Pick<Uploader, 'give'>;
  readonly state: InferenceState;
  readonly log: ComponentLog;
  telemetryInterval(): number;
}

/**
 * Tells what one model finds: every window on the local topic, changes of verdicts and now and then a score to the cloud.
 *
 * INVARIANT: a change is with the uploader, on disk, before it is remembered as told; told again after a kill, it has the same upload id.
 */
export class ResultPublisher {
  readonly #model: string;
  readonly #ports: PublisherPorts;
  readonly #subjects = new Map<string, SubjectVerdict>();
  readonly #uploadedAt = new Map<string, number>();
  #telling: Promise<void> = Promise.resolve();

  constructor(model: string, ports: PublisherPorts) {
    this.#model = model;
    this.#ports = ports;
  }

  /** Whether the result is beyond an alarm, or the subject is in one. */
  isNotable({ outputs }: ModelManifest, subject: string, values: readonly number[]): boolean {
    const beyond = outputs.some(({ alarm }, at) => alarm !== undefined && (values[at] as number) > alarm.above);
    return beyond || this.#subjects.get(subject)?.raised === true;
  }

  tell(result: WindowResult): void {
    const { end, explanation, manifest, subject, values } = result;
    const known = this.#subjectOf(subject, manifest);
    const { changed, verdict } = values === undefined ? known.miss(end) : known.judge(manifest.outputs, values);
    const outputs = values === undefined ? {} : named(manifest, values);
    const { length, step } = manifest.window;
    const message: InferenceMessage = {
      version: 1,
      model: this.#model,
      modelVersion: manifest.version,
      subject,
      time: end,
      length,
      verdict,
      changed,
      outputs,
      explanation,
    };
    const news = known.settle(end, length + 2 * step);
    this.#telling = this.#telling
      .then(async () => {
        await this.#ports.local.publish(INFERENCE_TOPIC, message).catch((error) => {
          this.#ports.log.warn('a result could not be published', { subject, reason: String(error) });
        });
        if (news !== undefined) await this.#tellCloud(result, news);
        if (values !== undefined) await this.#score(result, outputs);
      })
      .catch((error) => {
        this.#ports.log.error('a result could not be told', { model: this.#model, subject, reason: String(error) });
      });
  }

  /** Resolves when all that was found is told. */
  get told(): Promise<void> {
    return this.#telling;
  }

  async #tellCloud(
    { end, explanation, manifest, subject, values }: WindowResult,
    { alarm, raised, verdict }: VerdictNews,
  ): Promise<void> {
    const { state, uploader } = this.#ports;
    const at = values === undefined ? undefined : leadingOutput(manifest, values);
    const event: Sample['values'] = {
      inference: verdict,
      model: this.#model,
      model_version: manifest.version,
      subject,
      explanation,
    };
    if (alarm !== undefined) Object.assign(event, { alarm: this.#model, alarm_state: alarm, severity: 'warning' });
    if (at !== undefined && values !== undefined) {
      const measure = `${subject}_${manifest.outputs[at]?.name}`;
      Object.assign(event, { measure, value: values[at] });
    }
    const key = createHash('sha256')
      .update(`${this.#model}\n${subject}\n${end}\n${verdict}`)
      .digest('hex')
      .slice(0, 32);
    await uploader.give('event', alarm === undefined ? 'normal' : 'alarm', [{ time: end, values: event }], key);
    const { verdicts } = state.model(this.#model);
    await state.change(this.#model, { verdicts: { ...verdicts, [subject]: { verdict, raised, at: end } } });
  }

  async #score({ end, subject }: WindowResult, outputs: Readonly<Record<string, number>>): Promise<void> {
    const last = this.#uploadedAt.get(subject);
    if (last !== undefined && end >= last && end - last < this.#ports.telemetryInterval()) return;
    this.#uploadedAt.set(subject, end);
    const values = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`${subject}_${name}`, value]));
    await this.#ports.uploader.give('telemetry', 'normal', [{ time: end, values }]);
  }

  #subjectOf(subject: string, manifest: ModelManifest): SubjectVerdict {
    let known = this.#subjects.get(subject);
    if (known === undefined) {
      const { verdicts } = this.#ports.state.model(this.#model);
      const before = Object.hasOwn(verdicts, subject) ? verdicts[subject] : undefined;
      known = new SubjectVerdict(before, manifest.outputs);
      this.#subjects.set(subject, known);
    }
    return known;
  }
}

function named({ outputs }: ModelManifest, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(outputs.map(({ name }, at) => [name, values[at] as number]));
}
