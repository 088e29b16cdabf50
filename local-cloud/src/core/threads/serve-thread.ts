import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { ApiDispatcher, Operation, ServiceName } from '../api.ts';
import { systemClock } from '../clock.ts';
import { systemEntropy } from '../entropy.ts';
import { NotImplementedError } from '../errors.ts';
import { toAwsError, writeRefusal } from '../http/refusals.ts';
import { type ServedApi, ServiceCatalog } from '../http/service-catalog.ts';
import { parseQuery, type RequestHead, type WireResponse } from '../http/wire.ts';
import { type Log, RANK } from '../log.ts';
import { type CloudContext, type PluginFactory, PortRegistry, type ServicePlugin } from '../plugin.ts';
import { generatedName, type ResourceScope } from '../resources.ts';
import { openStore, type Store } from '../store.ts';
import { outcomeOf } from './carried-error.ts';
import { CountingMeter } from './counting-meter.ts';
import { Exchange } from './exchange.ts';
import type {
  CarriedCall,
  CarriedRequest,
  CarriedResponse,
  ThreadReport,
  ThreadRequest,
  ThreadSetting,
} from './messages.ts';

/** Entry of a service's thread: serves the plugin to the cloud's own thread. */
export function serveThread(create: PluginFactory): void {
  const setting = workerData as ThreadSetting;
  const thread = new ServedThread(create, setting, (report, transfer) =>
    parentPort?.postMessage(report, transfer ?? []),
  );
  parentPort?.on('message', (request: ThreadRequest) => thread.hear(request));
}

class ServedThread {
  readonly #report: (report: ThreadReport, transfer?: ArrayBuffer[]) => void;
  readonly #exchange = new Exchange();
  readonly #meter = new CountingMeter();
  readonly #store: Store;
  readonly #context: CloudContext;
  readonly #plugin: ServicePlugin;
  readonly #served = new Map<ServiceName, ServedApi>();
  readonly #operations = new Map<string, Operation>();

  constructor(
    create: PluginFactory,
    setting: ThreadSetting,
    report: (report: ThreadReport, transfer?: ArrayBuffer[]) => void,
  ) {
    this.#report = report;
    const log: Log = (level, message, fields) => {
      if (RANK[level] >= RANK[setting.logLevel]) report({ kind: 'log', level, message, ...(fields && { fields }) });
    };
    this.#store = openStore(join(setting.dataDirectory, setting.name, 'state'), (error) =>
      report({ kind: 'fatal', message: error.message }),
    );
    this.#context = {
      account: setting.account,
      clock: systemClock,
      entropy: systemEntropy,
      store: this.#store,
      meter: this.#meter,
      log,
      api: this.#dispatcher(),
      ports: new PortRegistry(),
      dataDirectory: setting.dataDirectory,
    };
    this.#plugin = create(this.#context);
    const apis = this.#plugin.apis ?? [];
    const catalog = new ServiceCatalog(apis);
    for (const api of apis) {
      const served = catalog.named(api.service);
      if (served !== undefined) this.#served.set(api.service, served);
      for (const operation of api.operations) this.#operations.set(`${api.service}.${operation.name}`, operation);
    }
  }

  hear(request: ThreadRequest): void {
    if (request.kind === 'answered') this.#exchange.answered(request.id, request.outcome);
    else if (request.kind === 'wire') void this.#answerWire(request);
    else void this.#answer(request.id, () => this.#perform(request));
  }

  async #perform(request: Exclude<ThreadRequest, { kind: 'answered' | 'wire' }>): Promise<unknown> {
    switch (request.kind) {
      case 'start':
        this.#context.ports.provide('endpoints', { apiUrl: request.apiUrl, mqttHost: '', mqttPort: 0, caFile: '' });
        return this.#plugin.start?.();
      case 'stop':
        await this.#plugin.stop?.();
        return this.#store.close();
      case 'call':
        return this.#invoke(request.service, request.operation, request.input, request.call);
      case 'resource':
        return this.#manage(request);
    }
  }

  async #answer(id: number, work: () => unknown): Promise<void> {
    const outcome = await outcomeOf(work);
    this.#report({ kind: 'answered', id, outcome, counts: this.#meter.take() });
  }

  async #answerWire({ id, ...request }: Extract<ThreadRequest, { kind: 'wire' }>): Promise<void> {
    const outcome = await outcomeOf(async () => this.#respond(request.service, request));
    this.#report({ kind: 'answered', id, outcome, counts: this.#meter.take() });
  }

  async #respond(
    service: ServiceName,
    request: { operation: string; call: CarriedCall; request: CarriedRequest },
  ): Promise<CarriedResponse> {
    const { call, operation } = request;
    const served = this.#served.get(service);
    const model = served?.operations.get(operation);
    if (served === undefined || model === undefined) throw new NotImplementedError(`${service} ${operation}`);
    const head = headOf(request.request);
    const { buffer, byteLength, byteOffset } = request.request.body;
    try {
      const body = Buffer.from(buffer, byteOffset, byteLength);
      const input = served.protocol.readInput(model, { ...head, labels: new Map(), body });
      const output = await this.#invoke(service, operation, input, call);
      return carriedResponse(served.protocol.writeOutput(model, output, call.requestId));
    } catch (error) {
      const { log } = this.#context;
      const refusal = toAwsError(error, served.family, log, call.requestId);
      const { code, message: reason, statusCode } = refusal;
      const { requestId } = call;
      log(statusCode >= 500 ? 'warn' : 'debug', 'a request was refused', { requestId, service, code, reason });
      return carriedResponse(writeRefusal(served, refusal, head, requestId));
    }
  }

  async #invoke(service: ServiceName, name: string, input: object, call: CarriedCall): Promise<unknown> {
    const operation = this.#operations.get(`${service}.${name}`);
    if (operation === undefined) throw new NotImplementedError(`${service} ${name}`);
    this.#meter.count('api.calls');
    const permissions = operation.authorize(input, call);
    if (permissions.length > 0) {
      await this.#exchange.ask((id) => this.#report({ kind: 'authorize', id, call, permissions }));
    }
    return operation.handle(input, call);
  }

  #manage(request: Extract<ThreadRequest, { kind: 'resource' }>): Promise<unknown> {
    const provider = this.#plugin.resources?.find(({ type }) => type === request.type);
    if (provider === undefined) throw new NotImplementedError(request.type);
    const { previous, properties, state } = request;
    const scope = scopeOf(request.scope);
    if (request.act === 'create') return provider.create(properties, scope);
    if (state === undefined) throw new TypeError(`${request.act} of ${request.type} without a state`);
    if (request.act === 'update') return provider.update(properties, previous, state, scope);
    return provider.delete(state, properties, scope);
  }

  #dispatcher(): ApiDispatcher {
    return {
      call: (principal, service, operation, input) =>
        this.#exchange.ask((id) => this.#report({ kind: 'api', id, principal, service, operation, input })),
    };
  }
}

function headOf({ headers, method, url }: CarriedRequest): RequestHead {
  const cut = url.indexOf('?');
  return {
    method,
    url,
    headers,
    path: cut < 0 ? url : url.slice(0, cut),
    query: cut < 0 ? [] : parseQuery(url.slice(cut + 1)),
  };
}

/** @throws TypeError for a body that flows: no service on a thread answers with one */
function carriedResponse({ body, headers, statusCode }: WireResponse): CarriedResponse {
  if (body === undefined || typeof body === 'string')
    return { statusCode, headers, ...(body !== undefined && { body }) };
  if (!Buffer.isBuffer(body)) throw new TypeError('a service on a thread of its own cannot answer with a stream');
  return { statusCode, headers, body: new Uint8Array(body) };
}

function scopeOf(scope: { stackName: string; stackId: string; logicalId: string }): ResourceScope {
  return {
    ...scope,
    generateName: (maxLength, { lowercase = false } = {}) =>
      generatedName(systemEntropy, scope.stackName, scope.logicalId, maxLength, lowercase),
    assetPath(_bucket, key) {
      throw new NotImplementedError(`the asset ${key} on a service's own thread`);
    },
  };
}
