import type { MessageHeaders } from '@smithy/core/event-streams';
import { type Frame, MESSAGE_FLAG, MESSAGE_TYPE } from './frames.ts';
import type { EventSink, IpcServiceError } from './operation.ts';

export const SERVICE = 'aws.greengrass#';

/** One stream of a connection: what a client asked, and what it is told about it. */
export class IpcStream implements EventSink {
  readonly #streamId: number;
  readonly #write: (frame: Frame) => boolean;
  readonly #endings: (() => void)[] = [];
  /** Events that came before the response. */
  #early: [string, object][] | undefined = [];
  #ended = false;

  constructor(streamId: number, write: (frame: Frame) => boolean) {
    this.#streamId = streamId;
    this.#write = write;
  }

  get ended(): boolean {
    return this.#ended;
  }

  onEnd(task: () => void): void {
    if (this.#ended) task();
    else this.#endings.push(task);
  }

  send(shape: string, event: object): boolean {
    if (this.#ended) return false;
    if (this.#early !== undefined) {
      this.#early.push([shape, event]);
      return true;
    }
    return this.#write(this.#frame(MESSAGE_TYPE.applicationMessage, shape, event, 0));
  }

  /** @param last no event will follow */
  respond(shape: string, response: object, last: boolean): void {
    if (this.#ended) return;
    const flags = last ? MESSAGE_FLAG.terminateStream : 0;
    this.#write(this.#frame(MESSAGE_TYPE.applicationMessage, shape, response, flags));
    const early = this.#early ?? [];
    this.#early = undefined;
    if (last) this.end();
    else for (const [eventShape, event] of early) this.send(eventShape, event);
  }

  fail(error: IpcServiceError): void {
    if (this.#ended) return;
    const { fields, message, shape } = error;
    this.#write(
      this.#frame(MESSAGE_TYPE.applicationError, shape, { ...fields, message }, MESSAGE_FLAG.terminateStream),
    );
    this.end();
  }

  /** Nothing goes out any more. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const task of this.#endings.splice(0)) task();
  }

  #frame(type: Frame['type'], shape: string, content: object, flags: number): Frame {
    const headers: MessageHeaders = {
      ':content-type': { type: 'string', value: 'application/json' },
      'service-model-type': { type: 'string', value: `${SERVICE}${shape}` },
    };
    return { type, flags, streamId: this.#streamId, headers, payload: Buffer.from(JSON.stringify(content)) };
  }
}
