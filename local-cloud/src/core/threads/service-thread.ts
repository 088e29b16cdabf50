import { Worker } from 'node:worker_threads';
import type { ApiCall, RawRequest, RawResponse, ServiceName } from '../api.ts';
import { CloudError, messageOf } from '../errors.ts';
import type { LogLevel } from '../log.ts';
import type { CloudContext } from '../plugin.ts';
import type { ResourceScope, ResourceState } from '../resources.ts';
import { outcomeOf } from './carried-error.ts';
import { Exchange } from './exchange.ts';
import type { CarriedCall, CarriedResponse, ThreadReport, ThreadRequest, ThreadSetting } from './messages.ts';

export interface ThreadOptions {
  /** Module that serves the same plugin with `serveThread`. */
  readonly file: string;
  readonly logLevel: LogLevel;
  /** The thread ended by itself: what it was doing is lost, and the cloud cannot go on. */
  onFatal(error: CloudError): void;
}

interface ResourceAct {
  readonly type: string;
  readonly act: 'create' | 'update' | 'delete';
  readonly properties: unknown;
  readonly previous?: unknown;
  readonly state?: ResourceState;
  readonly scope: ResourceScope;
}

/**
 * The cloud's side of a service that runs on a thread of its own.
 *
 * INVARIANT: every question is answered, by the thread or, once that is gone, by an error.
 */
export class ServiceThread {
  readonly #context: CloudContext;
  readonly #name: string;
  readonly #options: ThreadOptions;
  readonly #exchange = new Exchange();
  #worker: Worker | undefined;
  #stopping = false;

  constructor(context: CloudContext, name: string, options: ThreadOptions) {
    this.#context = context;
    this.#name = name;
    this.#options = options;
  }

  /** @throws CloudError when the service cannot start */
  async start(): Promise<void> {
    const { account, dataDirectory, ports } = this.#context;
    const { file, logLevel } = this.#options;
    const setting: ThreadSetting = { account, dataDirectory, logLevel, name: this.#name };
    const worker = new Worker(file, { workerData: setting });
    this.#worker = worker;
    worker.on('message', (report: ThreadReport) => this.#hear(report));
    worker.on('error', (error) => this.#lost(messageOf(error)));
    worker.on('exit', (code) => this.#lost(`it ended with code ${code}`));
    const { apiUrl } = ports.get('endpoints');
    await this.#exchange.ask((id) => this.#send({ kind: 'start', id, apiUrl }));
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#stopping = true;
    await this.#exchange.ask((id) => this.#send({ kind: 'stop', id })).catch(() => {});
    this.#worker = undefined;
    await worker.terminate();
  }

  call<O>(service: ServiceName, operation: string, input: object, call: ApiCall): Promise<O> {
    return this.#exchange.ask((id) => this.#send({ kind: 'call', id, service, operation, input, call: carried(call) }));
  }

  async answer(service: ServiceName, operation: string, request: RawRequest, call: ApiCall): Promise<RawResponse> {
    const { headers, method, url } = request;
    // Its own memory, so that it can be handed over: a small buffer is a part of a larger one.
    const body = new Uint8Array(request.body);
    const carriedRequest = { method, url, headers, body };
    const response = await this.#exchange.ask<CarriedResponse>((id) =>
      this.#send({ kind: 'wire', id, service, operation, call: carried(call), request: carriedRequest }, [body.buffer]),
    );
    const bytes = response.body;
    return {
      statusCode: response.statusCode,
      headers: response.headers,
      body: typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes ?? []),
    };
  }

  resource({ scope, ...act }: ResourceAct): Promise<ResourceState> {
    const { logicalId, stackId, stackName } = scope;
    return this.#exchange.ask((id) =>
      this.#send({ kind: 'resource', id, ...act, scope: { logicalId, stackId, stackName } }),
    );
  }

  #send(request: ThreadRequest, transfer: ArrayBuffer[] = []): void {
    if (this.#worker === undefined) throw new CloudError('PORT_UNPROVIDED', 'the service has not started');
    this.#worker.postMessage(request, transfer);
  }

  #hear(report: ThreadReport): void {
    const { api, log, meter, ports } = this.#context;
    switch (report.kind) {
      case 'answered':
        for (const [name, by] of report.counts ?? []) meter.count(name, by);
        this.#exchange.answered(report.id, report.outcome);
        return;
      case 'log':
        log(report.level, report.message, report.fields);
        return;
      case 'fatal':
        this.#options.onFatal(new CloudError('DATA_DIRECTORY_UNUSABLE', report.message));
        return;
      case 'authorize':
        void this.#reply(report.id, () => {
          const { call, permissions } = report;
          const authorizer = ports.get('authorizer');
          for (const permission of permissions) authorizer.authorize(call.principal, permission, call);
        });
        return;
      case 'api':
        void this.#reply(report.id, () => api.call(report.principal, report.service, report.operation, report.input));
    }
  }

  async #reply(id: number, work: () => unknown): Promise<void> {
    const outcome = await outcomeOf(work);
    this.#worker?.postMessage({ kind: 'answered', id, outcome } satisfies ThreadRequest);
  }

  #lost(reason: string): void {
    if (this.#stopping) {
      this.#exchange.break(new CloudError('PORT_UNPROVIDED', 'the service has stopped'));
      return;
    }
    const error = new CloudError('RESOURCE_FAILED', `the thread of ${this.#name} is gone: ${reason}`);
    this.#exchange.break(error);
    this.#context.log('error', error.message, { file: this.#options.file });
    this.#options.onFatal(error);
  }
}

function carried({ principal, requestId, secure, sourceIp }: ApiCall): CarriedCall {
  return { principal, requestId, secure, sourceIp };
}
