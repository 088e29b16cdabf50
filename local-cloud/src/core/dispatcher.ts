import type { ApiCall, ApiDispatcher, Operation, ServiceApi, ServiceName } from './api.ts';
import { type Entropy, uuid } from './entropy.ts';
import { NotImplementedError } from './errors.ts';
import type { Principal } from './iam/principal.ts';
import type { Meter } from './meter.ts';
import type { PortRegistry } from './plugin.ts';

/** All operations of the cloud, called the same way from the wire and from within. */
export class Dispatcher implements ApiDispatcher {
  readonly #apis = new Map<ServiceName, ServiceApi>();
  readonly #operations = new Map<string, Operation>();
  readonly #ports: PortRegistry;
  readonly #meter: Meter;
  readonly #entropy: Entropy;

  constructor(ports: PortRegistry, meter: Meter, entropy: Entropy) {
    this.#ports = ports;
    this.#meter = meter;
    this.#entropy = entropy;
  }

  /** Several plugins may each register operations of one service, as registry and rules do for IoT. */
  register(api: ServiceApi): void {
    const known = this.#apis.get(api.service);
    const operations = [...(known?.operations ?? []), ...api.operations];
    this.#apis.set(api.service, { ...known, ...api, operations });
    for (const operation of api.operations) this.#operations.set(`${api.service}.${operation.name}`, operation);
  }

  apis(): readonly ServiceApi[] {
    return [...this.#apis.values()];
  }

  call<O>(principal: Principal, service: ServiceName, operation: string, input: object): Promise<O> {
    return this.invoke<O>(new InternalCall(principal, this.#entropy), service, operation, input);
  }

  /** Authorizes and runs one operation; the front door calls this with what it has read from the wire. */
  async invoke<O>(call: ApiCall, service: ServiceName, name: string, input: object): Promise<O> {
    const operation = this.#operations.get(`${service}.${name}`);
    if (operation === undefined) throw new NotImplementedError(`${service} ${name}`);
    this.#meter.count('api.calls');
    const authorizer = this.#ports.get('authorizer');
    for (const permission of operation.authorize(input, call)) authorizer.authorize(call.principal, permission, call);
    return (await operation.handle(input, call)) as O;
  }
}

/** A call from within. Most operations never ask for its id. */
class InternalCall implements ApiCall {
  readonly principal: Principal;
  readonly sourceIp = '127.0.0.1';
  readonly secure = true;
  readonly #entropy: Entropy;
  #requestId: string | undefined;

  constructor(principal: Principal, entropy: Entropy) {
    this.principal = principal;
    this.#entropy = entropy;
  }

  get requestId(): string {
    this.#requestId ??= uuid(this.#entropy);
    return this.#requestId;
  }
}
