import type { DeviceConnection, MqttMessage, ReservedTopicHandler } from '../../../core/mqtt.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { JsonObject } from '../../../core/shadows.ts';
import type { ShadowLimits } from '../limits.ts';
import type { ShadowId } from './shadow-document.ts';
import { internalFailure, ShadowError, tooManyRequests } from './shadow-error.ts';
import { rejected } from './shadow-responses.ts';
import type { ShadowService } from './shadow-service.ts';
import {
  isShadowName,
  isThingName,
  requestFilters,
  type ShadowVerb,
  shadowOfTopic,
  shadowTopic,
} from './shadow-topics.ts';
import { clientTokenOf, readPayload } from './update-request.ts';

/** The requests of the Device Shadow service over MQTT (developer guide, `device-shadow-mqtt`). */
export class ShadowRequests {
  readonly #context: CloudContext;
  readonly #service: ShadowService;
  readonly #limits: ShadowLimits;
  /** Requests of each connection that have been started and not answered. */
  readonly #inFlight = new WeakMap<DeviceConnection, number>();

  constructor(context: CloudContext, service: ShadowService, limits: ShadowLimits) {
    this.#context = context;
    this.#service = service;
    this.#limits = limits;
  }

  handlers(): ReservedTopicHandler[] {
    const verbs: readonly ShadowVerb[] = ['get', 'update', 'delete'];
    return verbs.flatMap((verb) =>
      requestFilters(verb).map((filter) => ({
        filter,
        alsoRouted: true,
        handle: (message: MqttMessage, connection: DeviceConnection) => this.#handle(verb, message, connection),
        handleService: (message: MqttMessage) => this.#answer(verb, message),
      })),
    );
  }

  async #handle(verb: ShadowVerb, message: MqttMessage, connection: DeviceConnection): Promise<void> {
    const started = this.#inFlight.get(connection) ?? 0;
    if (started >= this.#limits.inFlightPerConnection) {
      const id = shadowOfTopic(message.topic);
      await this.#reject(id, verb, tooManyRequests(), tokenIn(message.payload));
      return;
    }
    this.#inFlight.set(connection, started + 1);
    try {
      await this.#answer(verb, message);
    } finally {
      this.#inFlight.set(connection, (this.#inFlight.get(connection) ?? 1) - 1);
    }
  }

  /** Answers on `accepted` or `rejected`. */
  async #answer(verb: ShadowVerb, { topic, payload }: MqttMessage): Promise<void> {
    const id = shadowOfTopic(topic);
    let clientToken: string | undefined;
    try {
      checkNames(id);
      const document = verb === 'update' || (verb === 'get' && payload.length > 0) ? readPayload(payload) : undefined;
      clientToken = document === undefined ? tokenIn(payload) : clientTokenOf(document);
      await this.#perform(verb, id, document ?? {}, clientToken);
    } catch (error) {
      await this.#reject(id, verb, this.#refusalOf(error), clientToken);
    }
  }

  async #perform(verb: ShadowVerb, id: ShadowId, document: JsonObject, clientToken: string | undefined): Promise<void> {
    if (verb === 'update') await this.#service.update(id, document);
    else if (verb === 'delete') await this.#service.delete(id, clientToken);
    else await this.#service.publishDocument(id, clientToken);
  }

  #refusalOf(error: unknown): ShadowError {
    if (error instanceof ShadowError) return error;
    this.#context.log('error', 'a request to a shadow failed', {
      error: error instanceof Error ? error.message : String(error),
    });
    return internalFailure();
  }

  async #reject(id: ShadowId, verb: ShadowVerb, refusal: ShadowError, clientToken: string | undefined): Promise<void> {
    const payload = rejected(refusal, clientToken, this.#context.clock.now());
    await this.#service.respond(shadowTopic(id, `${verb}/rejected`), payload);
  }
}

/** @throws ShadowError */
function checkNames({ thingName, shadowName }: ShadowId): void {
  if (!isThingName(thingName)) throw new ShadowError(400, 'Invalid thing name');
  if (shadowName !== undefined && !isShadowName(shadowName)) throw new ShadowError(400, 'Invalid shadow name');
}

/** The client token of a payload whose content is otherwise ignored. */
function tokenIn(payload: Buffer): string | undefined {
  if (payload.length === 0) return undefined;
  try {
    return clientTokenOf(readPayload(payload));
  } catch {
    return undefined;
  }
}
