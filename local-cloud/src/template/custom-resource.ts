import type { InvocationResponse } from '@aws-sdk/client-lambda';
import { sleep } from '../core/clock.ts';
import { randomText, uuid } from '../core/entropy.ts';
import { CloudError } from '../core/errors.ts';
import { administratorOf } from '../core/iam/administrator.ts';
import type { CloudContext } from '../core/plugin.ts';
import type { ResourceProvider, ResourceScope, ResourceState } from '../core/resources.ts';

/**
 * Custom resources (CloudFormation user guide, "Custom resource reference"): the function behind `ServiceToken` is
 * really invoked and answers by a PUT to `ResponseURL`.
 *
 * CloudFormation invokes asynchronously and, when the function fails, waits out the whole `ServiceTimeout`. Here the
 * function's failure fails the resource at once.
 */
const RESPONSE_PATH = '/_cloudformation/responses/';
/** `ServiceTimeout`, seconds: default and maximum of the custom resource reference. */
const DEFAULT_SERVICE_TIMEOUT = 3600;

interface CustomResourceResponse {
  readonly Status: 'SUCCESS' | 'FAILED';
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly Data?: Record<string, unknown>;
}

type RequestType = 'Create' | 'Update' | 'Delete';

export class CustomResources {
  readonly #context: CloudContext;
  readonly #waiting = new Map<string, (response: CustomResourceResponse) => void>();

  constructor(context: CloudContext) {
    this.#context = context;
  }

  /** Opens the response route. Call once the front door exists. */
  listen(): void {
    this.#context.ports.get('frontDoor').route(RESPONSE_PATH, async (request) => {
      const token = new URL(request.url, 'https://localhost').pathname.slice(RESPONSE_PATH.length);
      const settle = this.#waiting.get(token);
      if (request.method !== 'PUT' || settle === undefined)
        return { statusCode: 404, headers: {}, body: Buffer.alloc(0) };
      let response: CustomResourceResponse;
      try {
        response = JSON.parse(request.body.toString('utf8')) as CustomResourceResponse;
      } catch {
        response = { Status: 'FAILED', Reason: 'the response is not JSON' };
      }
      settle(response);
      return { statusCode: 200, headers: {}, body: Buffer.alloc(0) };
    });
  }

  provider(type: string): ResourceProvider<Record<string, unknown>> {
    return {
      type,
      replaceOn: ['ServiceToken'],
      properties: ['*'],
      create: (properties, scope) => this.#request('Create', type, properties, scope),
      update: (properties, previous, state, scope) =>
        this.#request('Update', type, properties, scope, { previous, physicalId: state.physicalId }),
      delete: async (state, properties, scope) => {
        await this.#request('Delete', type, properties, scope, { physicalId: state.physicalId });
      },
    };
  }

  async #request(
    requestType: RequestType,
    type: string,
    properties: Record<string, unknown>,
    scope: ResourceScope,
    existing: { previous?: Record<string, unknown>; physicalId?: string } = {},
  ): Promise<ResourceState> {
    const { api, account, clock, entropy, ports } = this.#context;
    const token = randomText(entropy, 48, 'abcdefghijklmnopqrstuvwxyz0123456789');
    const timeoutSeconds = Number(properties.ServiceTimeout ?? DEFAULT_SERVICE_TIMEOUT);
    const stop = new AbortController();
    const response = new Promise<CustomResourceResponse>((resolve) => {
      this.#waiting.set(token, resolve);
      void sleep(clock, timeoutSeconds * 1000, stop.signal).then(() =>
        resolve({ Status: 'FAILED', Reason: `no response within ${timeoutSeconds} s` }),
      );
    });
    try {
      const invocation = await api.call<InvocationResponse>(administratorOf(account), 'lambda', 'Invoke', {
        FunctionName: String(properties.ServiceToken),
        InvocationType: 'RequestResponse',
        Payload: Buffer.from(
          JSON.stringify({
            RequestType: requestType,
            RequestId: uuid(entropy),
            ResponseURL: `${ports.get('endpoints').apiUrl}${RESPONSE_PATH}${token}`,
            ResourceType: type,
            LogicalResourceId: scope.logicalId,
            StackId: scope.stackId,
            ServiceToken: properties.ServiceToken,
            ResourceProperties: textual(properties),
            ...(existing.physicalId !== undefined && { PhysicalResourceId: existing.physicalId }),
            ...(existing.previous !== undefined && { OldResourceProperties: textual(existing.previous) }),
          }),
        ),
      });
      if (invocation.FunctionError !== undefined) {
        throw new CloudError('RESOURCE_FAILED', `custom resource: its function failed: ${failureOf(invocation)}`);
      }
      const { Status, Reason, PhysicalResourceId, Data } = await response;
      if (Status !== 'SUCCESS')
        throw new CloudError('RESOURCE_FAILED', `custom resource: ${Reason ?? 'no reason given'}`);
      const physicalId = PhysicalResourceId ?? existing.physicalId;
      if (physicalId === undefined) throw new CloudError('RESOURCE_FAILED', 'custom resource: no PhysicalResourceId');
      return { physicalId, attributes: Data ?? {} };
    } finally {
      this.#waiting.delete(token);
      stop.abort();
    }
  }
}

function failureOf({ Payload }: InvocationResponse): string {
  const text = Buffer.from(Payload ?? []).toString('utf8');
  try {
    return (JSON.parse(text) as { errorMessage?: string }).errorMessage ?? text;
  } catch {
    return text;
  }
}

/** CloudFormation hands scalars to custom resources as text. */
function textual(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(textual);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, textual(member)]));
  }
  return value === null || value === undefined ? value : String(value);
}
