import type { CloudContext } from '../../../core/plugin.ts';
import type { JsonObject, Shadow, ShadowChange, ShadowDirectory, ShadowSection } from '../../../core/shadows.ts';
import type { ShadowLimits } from '../limits.ts';
import { deltaOf } from './delta-of.ts';
import { DurableOrder } from './durable-order.ts';
import { documentBytes, type ShadowDocument, type ShadowId, updatedShadow } from './shadow-document.ts';
import { noSuchShadow, payloadTooLarge, versionConflict } from './shadow-error.ts';
import { deleteAccepted, getAccepted, updateAccepted, updateDelta, updateDocuments } from './shadow-responses.ts';
import { ShadowStore } from './shadow-store.ts';
import { shadowTopic } from './shadow-topics.ts';
import { readUpdate } from './update-request.ts';

/**
 * The Device Shadow service (developer guide, `iot-device-shadows`), behind MQTT and HTTP alike.
 *
 * INVARIANTS
 * - Nothing is answered or published of a change before it is on disk.
 * - Answers and messages of one shadow come in the order of its versions.
 */
export class ShadowService implements ShadowDirectory {
  readonly #context: CloudContext;
  readonly #limits: ShadowLimits;
  readonly #store: ShadowStore;
  readonly #order: DurableOrder;
  readonly #listeners: ((change: ShadowChange) => void)[] = [];

  constructor(context: CloudContext, limits: ShadowLimits) {
    this.#context = context;
    this.#limits = limits;
    this.#store = new ShadowStore(context.store, context.clock);
    this.#order = new DurableOrder(context.store);
  }

  start(): void {
    this.#store.start();
  }

  stop(): void {
    this.#store.stop();
  }

  /** @param document the request state document @returns the payload of `/update/accepted` @throws ShadowError */
  async update(id: ShadowId, document: JsonObject): Promise<Buffer> {
    const request = readUpdate(document, this.#limits.depth);
    const before = this.#store.get(id);
    const version = this.#store.versionOf(id);
    if (request.version !== undefined && request.version !== version) throw versionConflict();
    const now = this.#context.clock.now();
    const current = updatedShadow(id, before, version, request, now);
    if (documentBytes(current) > this.#limits.documentBytes) throw payloadTooLarge();
    this.#store.put(current);
    const { clientToken } = request;
    const accepted = updateAccepted(request, current.version, now);
    const delta = updateDelta(current, clientToken, now);
    const documents = updateDocuments(before, current, clientToken, now);
    await this.#order.run(() => {
      this.#publish(shadowTopic(id, 'update/accepted'), accepted);
      if (delta !== undefined) this.#publish(shadowTopic(id, 'update/delta'), delta);
      this.#publish(shadowTopic(id, 'update/documents'), documents);
      this.#tell({ kind: 'updated', shadow: current, before });
    });
    return accepted;
  }

  /** @returns the payload of `/get/accepted` @throws ShadowError */
  async read(id: ShadowId): Promise<Buffer> {
    const shadow = this.#require(id);
    return this.#order.run(() => getAccepted(shadow, undefined, this.#context.clock.now()));
  }

  /** Answers a request on `/get/accepted`. @throws ShadowError */
  async publishDocument(id: ShadowId, clientToken: string | undefined): Promise<void> {
    const shadow = this.#require(id);
    const accepted = getAccepted(shadow, clientToken, this.#context.clock.now());
    await this.respond(shadowTopic(id, 'get/accepted'), accepted);
  }

  /** @returns the payload of `/delete/accepted` @throws ShadowError */
  async delete(id: ShadowId, clientToken: string | undefined): Promise<Buffer> {
    const shadow = this.#require(id);
    const now = this.#context.clock.now();
    this.#store.delete(shadow, now);
    const accepted = deleteAccepted(shadow.version, clientToken, now);
    await this.#order.run(() => {
      this.#publish(shadowTopic(id, 'delete/accepted'), accepted);
      this.#tell({ kind: 'deleted', shadow });
    });
    return accepted;
  }

  /** Publishes an answer to one request, after what is under way. */
  respond(topic: string, payload: Buffer): Promise<void> {
    return this.#order.run(() => this.#publish(topic, payload));
  }

  namesOf(thingName: string): string[] {
    return this.#store.namesOf(thingName);
  }

  get(thingName: string, shadowName?: string): Shadow | undefined {
    return this.#store.get({ thingName, shadowName });
  }

  delta({ desired, reported }: Shadow): ShadowSection | undefined {
    return deltaOf(desired, reported);
  }

  ofThing(thingName: string): Iterable<ShadowDocument> {
    return this.#store.ofThing(thingName);
  }

  all(): Iterable<ShadowDocument> {
    return this.#store.all();
  }

  onChange(listener: (change: ShadowChange) => void): void {
    this.#listeners.push(listener);
  }

  #require(id: ShadowId): ShadowDocument {
    const shadow = this.#store.get(id);
    if (shadow === undefined) throw noSuchShadow(id.thingName, id.shadowName);
    return shadow;
  }

  #tell(change: ShadowChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  /** Subscribers and rules get it as they get any message. */
  #publish(topic: string, payload: Buffer): void {
    const { clock, log, ports } = this.#context;
    const message = { topic, payload, qos: 1 as const, retain: false, receivedAt: clock.now() };
    ports
      .get('broker')
      .publish(message)
      .catch((error: unknown) => {
        log('error', 'a message of the Device Shadow service was not taken', {
          topic,
          error: error instanceof Error ? error.message : String(error),
        });
      });
  }
}
