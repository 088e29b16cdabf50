import type { ApiProtocol, ServiceApi, ServiceName } from '../api.ts';
import { AwsError, NotImplementedError } from '../errors.ts';
import { type ErrorModel, errorModels, type OperationModel, operationModels } from './operation-model.ts';
import { AwsJsonProtocol } from './protocols/aws-json.ts';
import { AwsQueryProtocol } from './protocols/aws-query.ts';
import type { Protocol } from './protocols/protocol.ts';
import { RestJsonProtocol } from './protocols/rest-json.ts';
import { RestXmlProtocol } from './protocols/rest-xml.ts';
import { RpcV2CborProtocol, rpcV2Operation } from './protocols/rpc-v2-cbor.ts';
import { RestRouter } from './rest-router.ts';
import { SERVICE_TRAITS, type ServiceTraits } from './service-traits.ts';
import type { ErrorFamily } from './sigv4/signature-error.ts';
import type { RequestHead } from './wire.ts';

/** A service as the front door serves it. */
export interface ServedApi {
  readonly api: ServiceApi;
  /** The protocol of this entry: a service that speaks several has an entry for each. */
  readonly speaks: ApiProtocol;
  readonly traits: ServiceTraits;
  readonly protocol: Protocol;
  readonly family: ErrorFamily;
  readonly operations: ReadonlyMap<string, OperationModel>;
  /** By name and by awsQuery code. */
  readonly errors: ReadonlyMap<string, ErrorModel>;
  readonly router: RestRouter | undefined;
  /** Names of the operations that are built. */
  readonly built: ReadonlySet<string>;
}

const FAMILIES: Readonly<Record<ApiProtocol, ErrorFamily>> = {
  restJson1: 'rest',
  restXml: 's3',
  awsJson1_0: 'json',
  awsJson1_1: 'json',
  awsQuery: 'query',
  rpcV2Cbor: 'json',
};

/** All services by signing name. Services may share one, as both halves of Timestream do. */
export class ServiceCatalog {
  readonly #bySigningName = new Map<string, ServedApi[]>();
  readonly #all: ServedApi[];

  constructor(apis: readonly ServiceApi[]) {
    this.#all = apis.flatMap((api) => [api.protocol, ...(api.alsoSpeaks ?? [])].map((speaks) => serve(api, speaks)));
    for (const served of this.#all) {
      const { signingAlias } = served.traits;
      for (const name of [served.api.signingName, ...(signingAlias === undefined ? [] : [signingAlias])]) {
        this.#bySigningName.set(name, [...(this.#bySigningName.get(name) ?? []), served]);
      }
    }
  }

  /** Where a service speaks several protocols, the entry of the request's one. */
  signedFor(signingName: string, head: RequestHead): readonly ServedApi[] {
    const all = this.#bySigningName.get(signingName) ?? [];
    if (all.every(({ api }) => api.alsoSpeaks === undefined)) return all;
    const spoken = all.filter(
      ({ api, speaks }) => api.alsoSpeaks === undefined || speaks === protocolOfHead(api, head),
    );
    return spoken.length > 0 ? spoken : all;
  }

  named(service: ServiceName): ServedApi | undefined {
    return this.#all.find((served) => served.api.service === service);
  }

  /** The service that an unsigned request is meant for, as far as its head tells. */
  guess(head: RequestHead): ServedApi | undefined {
    const target = head.headers['x-amz-target']?.split('.')[0];
    if (target !== undefined) return this.#all.find((served) => served.traits.target === target);
    const form = head.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
    if (form || head.query.some(([name]) => name === 'Action')) {
      return this.#all.find((served) => served.family === 'query');
    }
    return this.#all.find((served) => served.family === 's3') ?? this.#all.find((served) => served.family === 'rest');
  }
}

/**
 * The operation of an RPC protocol, among the services of one signing name.
 *
 * @throws NotImplementedError naming service and operation
 * @throws AwsError `UnknownOperationException` for a target of another service
 */
export function chooseRpc(
  candidates: readonly ServedApi[],
  head: RequestHead,
  name: string,
): { served: ServedApi; operation: OperationModel } {
  const knowing = candidates.filter((served) => served.operations.has(name));
  const building = knowing.filter((served) => served.built.has(name) || served.api.passThrough !== undefined);
  const served = building.length > 1 ? (building.find((one) => calledBy(one, head)) ?? building[0]) : building[0];
  const operation = served?.operations.get(name);
  if (served === undefined || operation === undefined) {
    const service = (knowing[0] ?? candidates[0])?.api.service ?? 'unknown';
    throw new NotImplementedError(`${service} ${name}`);
  }
  return { served, operation };
}

function protocolOfHead(api: ServiceApi, head: RequestHead): ApiProtocol {
  if (head.headers['smithy-protocol'] !== undefined) return 'rpcV2Cbor';
  if (head.headers['x-amz-target'] === undefined) return 'awsQuery';
  return [api.protocol, ...(api.alsoSpeaks ?? [])].find((protocol) => FAMILIES[protocol] === 'json') ?? api.protocol;
}

/** The operation's name in `X-Amz-Target`, or in the path of Smithy's RPC protocol. */
export function targetOperation(served: ServedApi, head: RequestHead): string {
  if (served.speaks === 'rpcV2Cbor') return rpcV2Operation(served.api.service, served.traits.target, head);
  const [target, name, ...rest] = (head.headers['x-amz-target'] ?? '').split('.');
  if (target !== served.traits.target || name === undefined || name === '' || rest.length > 0) {
    throw new AwsError('UnknownOperationException', `X-Amz-Target names no operation of ${served.api.service}`, 400);
  }
  return name;
}

/** Both halves of Timestream know DescribeEndpoints and the tags; the SDKs name their client in `User-Agent`. */
function calledBy(served: ServedApi, head: RequestHead): boolean {
  const agent = `${head.headers['x-amz-user-agent'] ?? ''} ${head.headers['user-agent'] ?? ''}`;
  return agent.replaceAll('_', '-').includes(`api/${served.api.service}#`);
}

function serve(api: ServiceApi, speaks: ApiProtocol): ServedApi {
  const traits = SERVICE_TRAITS[api.service];
  const operations = operationModels(api.schemas);
  for (const { name } of api.operations) {
    if (!operations.has(name)) throw new Error(`${api.service} has no operation ${name} in its schemas`);
  }
  const rest = api.protocol === 'restJson1' || api.protocol === 'restXml';
  return {
    api,
    speaks,
    traits,
    protocol: protocolOf(speaks, traits),
    family: FAMILIES[speaks],
    operations,
    errors: errorModels(api.schemas),
    router: rest ? new RestRouter(operations.values()) : undefined,
    built: new Set(api.operations.map((operation) => operation.name)),
  };
}

function protocolOf(protocol: ApiProtocol, traits: ServiceTraits): Protocol {
  switch (protocol) {
    case 'awsJson1_0':
      return new AwsJsonProtocol('1.0', traits.validationCode);
    case 'awsJson1_1':
      return new AwsJsonProtocol('1.1', traits.validationCode);
    case 'restJson1':
      return new RestJsonProtocol(traits.validationCode);
    case 'restXml':
      return new RestXmlProtocol(traits.xmlNamespace);
    case 'rpcV2Cbor':
      return new RpcV2CborProtocol(traits.validationCode);
    case 'awsQuery':
      return new AwsQueryProtocol(traits.xmlNamespace, traits.version);
  }
}
