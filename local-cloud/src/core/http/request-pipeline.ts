import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import type { ApiCall, RawRequest, RawResponse } from '../api.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { uuid } from '../entropy.ts';
import { AwsError, NotImplementedError } from '../errors.ts';
import type { Principal } from '../iam/principal.ts';
import type { CloudContext } from '../plugin.ts';
import { bucketAddress, virtualBucket } from './bucket-address.ts';
import { namesAuthorizer } from './custom-authentication.ts';
import { DEVICE_SERVICES, type DeviceEndpointConnection, identifyDevice, servesDevices } from './device-caller.ts';
import type { OperationModel } from './operation-model.ts';
import { queryParameters } from './protocols/aws-query.ts';
import { requestBindings } from './protocols/http-bindings.ts';
import { toAwsError, writeHomelessRefusal, writeRefusal } from './refusals.ts';
import { ClientGoneError, inflated, readBody } from './request-body.ts';
import { readHead, serverNameOf, sourceIpOf } from './request-head.ts';
import { declaredLength, declaredPayloadHash, entityTooLarge, S3Payload } from './s3-payload.ts';
import { chooseRpc, type ServedApi, ServiceCatalog, targetOperation } from './service-catalog.ts';
import { MAX_BODY_SIZE } from './service-traits.ts';
import { sha256Hex } from './sigv4/canonical-request.ts';
import { signatureError } from './sigv4/signature-error.ts';
import { type Authentication, SignatureVerifier } from './sigv4/signature-verifier.ts';
import { claimedService } from './sigv4/signed-request.ts';
import type { RequestHead, WireResponse } from './wire.ts';

/** Streamed payloads up to this size are handed over whole and verified. bytes */
const HELD_PAYLOAD = 8 * 1024 * 1024;
/** Largest object of one PUT or part (Amazon S3 user guide, "Amazon S3 multipart upload limits"). bytes */
const MAX_OBJECT_SIZE = 5 * 1024 ** 3;

export type UnsignedRoutes = (path: string) => ((request: RawRequest) => Promise<RawResponse>) | undefined;

/** From the head of a request to its answer: authenticate, find the operation, read, dispatch, write. */
export class RequestPipeline {
  readonly #context: CloudContext;
  readonly #dispatcher: Dispatcher;
  readonly #verifier: SignatureVerifier;
  readonly #unsigned: UnsignedRoutes;
  #catalog: ServiceCatalog;
  #served = 0;

  constructor(context: CloudContext, dispatcher: Dispatcher, unsigned: UnsignedRoutes) {
    this.#context = context;
    this.#dispatcher = dispatcher;
    this.#unsigned = unsigned;
    this.#catalog = new ServiceCatalog([]);
    this.#verifier = new SignatureVerifier(context.account, context.clock, {
      find: (key) => context.ports.get('credentials').find(key),
    });
  }

  /**
   * Never rejects but with {@link ClientGoneError}, when nobody is left to answer.
   *
   * @param device set for a request to the devices' endpoint, which serves AWS IoT's data planes only
   */
  async answer(message: IncomingMessage, device?: DeviceEndpointConnection): Promise<WireResponse> {
    this.#context.meter.count('http.requests');
    const requestId = uuid(this.#context.entropy);
    let head: RequestHead | undefined;
    let served: ServedApi | undefined;
    let authenticated = false;
    try {
      head = readHead(message);
      const unsigned = claimedService(head) === undefined;
      if (unsigned && device !== undefined) {
        const provider = this.#context.ports.find('deviceCredentials');
        const credentials = provider?.answer(head, device.certificate, sourceIpOf(message));
        if (credentials !== undefined) return await credentials;
      }
      let exchange: Exchange;
      if (unsigned && (device !== undefined || namesAuthorizer(head))) {
        served = this.#services().named('iot-data-plane');
        exchange = await this.#identify(message, head, device ?? { serverName: serverNameOf(message.socket) });
      } else {
        if (head.path.startsWith('/_') && virtualBucket(head.headers.host ?? '') === undefined) {
          return await this.#answerUnsigned(message, head);
        }
        const candidates = this.#candidates(head, device !== undefined);
        served = candidates[0];
        exchange = await this.#authenticate(message, head, candidates);
      }
      authenticated = true;
      served = exchange.served;
      return await this.#perform(exchange, message, requestId);
    } catch (error) {
      if (error instanceof ClientGoneError) throw error;
      const refusal = toAwsError(error, served?.family ?? 'query', this.#context.log, requestId);
      const { code, statusCode, message: reason } = refusal;
      const level = !authenticated || statusCode >= 500 ? 'warn' : 'debug';
      this.#context.log(level, 'a request was refused', { requestId, service: served?.api.service, code, reason });
      return this.#refuse(refusal, head ?? NO_HEAD, served, requestId);
    }
  }

  /** Nothing of AWS lives under `/_`: names of buckets begin with a letter or digit. */
  async #answerUnsigned(message: IncomingMessage, head: RequestHead): Promise<WireResponse> {
    const handler = this.#unsigned(head.path);
    if (handler === undefined) throw new AwsError('NotFound', 'Not Found', 404);
    const body = await readBody(message, MAX_BODY_SIZE);
    return handler({ method: head.method, url: head.url, headers: head.headers, body });
  }

  #services(): ServiceCatalog {
    const apis = this.#dispatcher.apis();
    if (apis.length !== this.#served) {
      this.#catalog = new ServiceCatalog(apis);
      this.#served = apis.length;
    }
    return this.#catalog;
  }

  /** @throws NotImplementedError for a service that is not here */
  #candidates(head: RequestHead, devicesOnly: boolean): readonly ServedApi[] {
    const catalog = this.#services();
    const claimed = claimedService(head);
    const candidates = claimed === undefined ? [catalog.guess(head)] : catalog.signedFor(claimed, head);
    const known = candidates
      .filter((served) => served !== undefined)
      .filter(({ api }) => !devicesOnly || DEVICE_SERVICES.includes(api.service));
    if (known.length > 0) return known;
    const name = claimed ?? head.headers['x-amz-target']?.split('.')[0] ?? 'the addressed service';
    throw new NotImplementedError(`The service ${name}`);
  }

  /**
   * An unsigned request of a device: its certificate or a custom authorizer's function says who it is.
   *
   * @throws NotImplementedError for what is no operation of AWS IoT's data planes
   */
  async #identify(message: IncomingMessage, head: RequestHead, device: DeviceEndpointConnection): Promise<Exchange> {
    const devices = this.#context.ports.get('devices');
    const principal = await identifyDevice(devices, head, device, message.socket, sourceIpOf(message));
    const catalog = this.#services();
    for (const service of [...DEVICE_SERVICES, 'greengrassv2'] as const) {
      const served = catalog.named(service);
      const match = served === undefined ? undefined : routeRest(served, head);
      if (served === undefined || match === undefined || !servesDevices(service, match.operation.name)) continue;
      const body = await readBody(message, served.traits.maxBodySize ?? MAX_BODY_SIZE);
      return {
        head,
        served,
        principal,
        operation: match.operation,
        labels: match.labels,
        authentication: undefined,
        body,
      };
    }
    throw new NotImplementedError(`${head.method} ${head.path} of the devices' endpoint`);
  }

  async #authenticate(
    message: IncomingMessage,
    head: RequestHead,
    candidates: readonly ServedApi[],
  ): Promise<Exchange> {
    const first = candidates[0] as ServedApi;
    const { family, traits } = first;
    const claimed = claimedService(head);
    const signingName = claimed !== undefined && claimed === traits.signingAlias ? claimed : first.api.signingName;
    const verified = { signingName, family, global: traits.global === true };
    if (family === 's3') {
      const presigned = head.headers.authorization === undefined;
      const hash = () => declaredPayloadHash(head.headers, presigned);
      const authentication = this.#verifier.verify(head, verified, hash);
      const { operation, labels } = routeS3(first, head);
      return { head, served: first, operation, labels, authentication, body: undefined };
    }
    const sent = await readBody(message, traits.maxBodySize ?? MAX_BODY_SIZE);
    const authentication = this.#verifier.verify(head, verified, () => {
      const hash = sha256Hex(sent);
      const declared = head.headers['x-amz-content-sha256'];
      if (declared !== undefined && declared !== hash) throw signatureError(family, 'payload-mismatch');
      return hash;
    });
    if (authentication === undefined) throw signatureError(family, 'missing-authentication');
    const body = family === 'rest' ? sent : inflated(head, sent);
    if (family === 'rest') {
      const match = routeRest(first, head);
      if (match === undefined) throw new NotImplementedError(`${first.api.service} ${head.method} ${head.path}`);
      return { head, served: first, operation: match.operation, labels: match.labels, authentication, body };
    }
    const name = family === 'json' ? targetOperation(first, head) : actionOf(head, body);
    return { head, ...chooseRpc(candidates, head, name), labels: new Map(), authentication, body };
  }

  async #perform(exchange: Exchange, message: IncomingMessage, requestId: string): Promise<WireResponse> {
    const { head, served, operation, authentication } = exchange;
    const { service, passThrough, remote } = served.api;
    const call: ApiCall = {
      principal: exchange.principal ?? authentication?.principal ?? { kind: 'anonymous' },
      requestId,
      sourceIp: sourceIpOf(message),
      secure: true,
    };
    if (!served.built.has(operation.name)) {
      if (passThrough === undefined) throw new NotImplementedError(`${service} ${operation.name}`);
      this.#context.meter.count('api.calls');
      const body = exchange.body ?? (await readBody(message, MAX_BODY_SIZE));
      return passThrough(operation.name, { method: head.method, url: head.url, headers: head.headers, body }, call);
    }
    const here = served.api.operations.some(({ here: own, name }) => own === true && name === operation.name);
    if (remote !== undefined && !here && exchange.body !== undefined) {
      const { body } = exchange;
      return remote(operation.name, { method: head.method, url: head.url, headers: head.headers, body }, call);
    }
    const body = exchange.body ?? (await readS3Body(message, exchange));
    const input = served.protocol.readInput(operation, { ...head, labels: exchange.labels, body });
    const output = await this.#dispatcher.invoke(call, service, operation.name, input);
    return served.protocol.writeOutput(operation, output, requestId);
  }

  #refuse(refusal: AwsError, head: RequestHead, served: ServedApi | undefined, requestId: string): WireResponse {
    if (served === undefined) return writeHomelessRefusal(refusal, head, requestId);
    try {
      return writeRefusal(served, refusal, head, requestId);
    } catch (fault) {
      // The fields of the error do not fit its schema: a fault of the handler.
      return writeRefusal(served, toAwsError(fault, served.family, this.#context.log, requestId), head, requestId);
    }
  }
}

/** A request whose caller and operation are known. */
interface Exchange {
  readonly head: RequestHead;
  readonly served: ServedApi;
  readonly operation: OperationModel;
  readonly labels: ReadonlyMap<string, string>;
  /** A device, whose requests bear no signature. */
  readonly principal?: Principal;
  /** Undefined for an anonymous request to S3, and for a device's. */
  readonly authentication: Authentication | undefined;
  /** Undefined while it is still to be read, as S3's bodies are. */
  readonly body: Buffer | undefined;
}

const NO_HEAD: RequestHead = { method: 'GET', path: '/', query: [], headers: {}, url: '/' };

function routeRest({ router, traits }: ServedApi, head: RequestHead) {
  const { openPath } = traits;
  const open = openPath !== undefined && head.path.startsWith(openPath);
  const path = open ? openPath + head.path.slice(openPath.length).replaceAll('/', '%2F') : head.path;
  return router?.find(head.method, path, head.query, head.headers);
}

/** @throws AwsError `MethodNotAllowed`, as S3 answers what it has no operation for */
function routeS3(served: ServedApi, head: RequestHead) {
  const address = bucketAddress(head.headers.host ?? '', head.path);
  const match = served.router?.find(head.method, address.path, head.query, head.headers, address.bucket);
  if (match !== undefined) return match;
  throw new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
}

/** @throws AwsError */
async function readS3Body(message: IncomingMessage, exchange: Exchange): Promise<Buffer | Readable> {
  const { head, operation, authentication } = exchange;
  const payload = requestBindings(operation).payload?.schema;
  const streamed = payload?.isStreaming() === true;
  const length = declaredLength(head.headers);
  if (streamed && length === undefined) {
    throw new AwsError('MissingContentLength', 'You must provide the Content-Length HTTP header.', 411);
  }
  const limit = streamed ? MAX_OBJECT_SIZE : MAX_BODY_SIZE;
  if ((length ?? 0) > limit) throw entityTooLarge(limit);
  const stream = new S3Payload(head.headers, authentication, operation.checksummed, limit);
  pipeline(message, stream, () => {});
  if (streamed && (length as number) > HELD_PAYLOAD) return stream;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  // Trailing checksums are input like those of the head; no other header may come that late, unsigned.
  const checksums = [...stream.trailers].filter(([name]) => name.startsWith('x-amz-checksum-'));
  Object.assign(head.headers, Object.fromEntries(checksums));
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

/** @throws AwsError `MissingAction` (Common errors) */
function actionOf(head: RequestHead, body: Buffer): string {
  const action = queryParameters(head, body).find(([name]) => name === 'Action')?.[1];
  if (action !== undefined && action !== '') return action;
  throw new AwsError('MissingAction', 'The request is missing an action or a required parameter.', 400);
}
