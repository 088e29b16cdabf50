import type { ApiDispatcher } from '../../core/api.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import type { AssumedRole, ServicePrincipal } from '../../core/iam/principal.ts';
import { toText } from '../values/convert.ts';
import { parseJson, toJson } from '../values/json.ts';
import { isNumber } from '../values/numbers.ts';
import { isObject, RawPayload, type SqlValue } from '../values/value.ts';
import { type ExternalCall, ExternalFunctionError, type ExternalServices } from './external-call.ts';
import { fromAttribute, type ReadAttribute } from './from-attribute.ts';

/** "Lambda function calls from rules should be completed within 2000 milliseconds" (aws_lambda). */
const LAMBDA_TIMEOUT_MS = 2000;
/** "If get_dynamodb() returns more than 8 KB of data, the rule's action may not be invoked". */
const MAX_ITEM_BYTES = 8 * 1024;
/** "The AWS IoT rules engine caches each secret for up to 15 minutes" (get_secret). */
const SECRET_LIFETIME_MS = 15 * 60_000;

export interface RuleServicesContext {
  readonly api: ApiDispatcher;
  readonly clock: Clock;
  /** The service itself, with the rule as its source. */
  readonly service: ServicePrincipal;
  role(roleArn: string): AssumedRole;
}

type Secret = { readonly SecretString?: string; readonly SecretBinary?: Uint8Array };

/** The external functions of one rule, each by the operation and with the role that the guide names. */
export class RuleServices implements ExternalServices {
  readonly #context: RuleServicesContext;
  readonly #secrets = new Map<string, { readonly secret: Secret; readonly expires: number }>();

  constructor(context: RuleServicesContext) {
    this.#context = context;
  }

  call(call: ExternalCall): Promise<SqlValue> {
    switch (call.name) {
      case 'aws_lambda':
        return this.#lambda(call);
      case 'get_dynamodb':
        return this.#dynamoDb(call);
      case 'get_registry_data':
        return this.#registryData(call);
      case 'get_secret':
        return this.#secret(call);
      case 'get_thing_shadow':
        return this.#shadow(call);
    }
  }

  async #lambda(call: ExternalCall): Promise<SqlValue> {
    const FunctionName = textArgument(call, 0, 'functionArn');
    const input = call.args[1];
    if (input instanceof RawPayload) throw new ExternalFunctionError(call.name, 'the payload is no JSON');
    if (input === undefined) throw new ExternalFunctionError(call.name, 'inputJson is Undefined');
    const invocation = this.#context.api.call<{ FunctionError?: string; Payload?: Uint8Array }>(
      this.#context.service,
      'lambda',
      'Invoke',
      { FunctionName, InvocationType: 'RequestResponse', Payload: Buffer.from(toJson(input)) },
    );
    const answer = await this.#within(call, invocation);
    const text = Buffer.from(answer.Payload ?? []).toString('utf8');
    if (answer.FunctionError !== undefined) {
      throw new ExternalFunctionError(call.name, `the function failed (${answer.FunctionError}): ${text}`);
    }
    return readJson(call, text, 'the function did not return JSON');
  }

  async #within<T>(call: ExternalCall, work: Promise<T>): Promise<T> {
    const done = new AbortController();
    try {
      return await Promise.race([
        work,
        sleep(this.#context.clock, LAMBDA_TIMEOUT_MS, done.signal).then(() => {
          throw new ExternalFunctionError(call.name, `not completed within ${LAMBDA_TIMEOUT_MS} milliseconds`);
        }),
      ]);
    } finally {
      done.abort();
    }
  }

  async #shadow(call: ExternalCall): Promise<SqlValue> {
    const thingName = textArgument(call, 0, 'thingName');
    const shadowName = call.args.length > 1 ? textArgument(call, 1, 'shadowName') : undefined;
    const answer = await this.#asRole<{ payload?: Uint8Array }>(call, 'iot-data-plane', 'GetThingShadow', {
      thingName,
      ...(shadowName === undefined ? {} : { shadowName }),
    });
    return readJson(call, Buffer.from(answer.payload ?? []).toString('utf8'), 'the shadow is no JSON');
  }

  async #dynamoDb(call: ExternalCall): Promise<SqlValue> {
    const TableName = textArgument(call, 0, 'tableName');
    const Key: Record<string, ReadAttribute> = { [textArgument(call, 1, 'partitionKeyName')]: keyValue(call, 2) };
    if (call.args.length > 3) Key[textArgument(call, 3, 'sortKeyName')] = keyValue(call, 4);
    const { Item } = await this.#asRole<{ Item?: Record<string, ReadAttribute> }>(call, 'dynamodb', 'GetItem', {
      TableName,
      Key,
    });
    if (Item === undefined) return undefined;
    const value = fromAttribute({ M: Item }, call.numbers);
    if (Buffer.byteLength(toJson(value)) > MAX_ITEM_BYTES) {
      throw new ExternalFunctionError(call.name, `the item is larger than ${MAX_ITEM_BYTES} bytes`);
    }
    return value;
  }

  /** "The response format … is the same as the registry API called" (get_registry_data). */
  async #registryData(call: ExternalCall): Promise<SqlValue> {
    const answer = await this.#asRole<object>(call, 'iot', textArgument(call, 0, 'registryAPI'), {
      thingName: textArgument(call, 1, 'thingName'),
    });
    return readJson(call, JSON.stringify(answer), 'the answer is no JSON');
  }

  async #secret(call: ExternalCall): Promise<SqlValue> {
    const secretId = textArgument(call, 0, 'secretId');
    const type = call.args[1];
    const key = call.args.length > 2 ? textArgument(call, 2, 'key') : undefined;
    const { SecretString, SecretBinary } = await this.#currentSecret(call, secretId);
    if (type === 'SecretBinary') {
      if (key !== undefined) throw new ExternalFunctionError(call.name, 'a SecretBinary has no keys');
      if (SecretBinary === undefined) throw new ExternalFunctionError(call.name, 'the secret has no SecretBinary');
      return Buffer.from(SecretBinary).toString('base64');
    }
    if (SecretString === undefined) throw new ExternalFunctionError(call.name, 'the secret has no SecretString');
    const document = jsonObject(SecretString, call);
    if (key === undefined) return document ?? SecretString;
    const value = document !== undefined && Object.hasOwn(document, key) ? document[key] : undefined;
    if (value === undefined) throw new ExternalFunctionError(call.name, 'the secret is no JSON object with that key');
    return value;
  }

  async #currentSecret(call: ExternalCall, SecretId: string): Promise<Secret> {
    const place = `${call.roleArn} ${SecretId}`;
    const now = this.#context.clock.now();
    const known = this.#secrets.get(place);
    if (known !== undefined && known.expires > now) return known.secret;
    await this.#asRole(call, 'secrets-manager', 'DescribeSecret', { SecretId });
    const secret = await this.#asRole<Secret>(call, 'secrets-manager', 'GetSecretValue', { SecretId });
    this.#secrets.set(place, { secret, expires: now + SECRET_LIFETIME_MS });
    return secret;
  }

  async #asRole<O>(
    call: ExternalCall,
    service: 'dynamodb' | 'iot' | 'iot-data-plane' | 'secrets-manager',
    operation: string,
    input: object,
  ): Promise<O> {
    const role = this.#context.role(call.roleArn as string);
    return this.#context.api.call<O>(role, service, operation, input);
  }
}

function textArgument(call: ExternalCall, index: number, what: string): string {
  const text = toText(call.args[index]);
  if (text !== undefined && text !== '') return text;
  throw new ExternalFunctionError(call.name, `${what} is not a string`);
}

function keyValue(call: ExternalCall, index: number): ReadAttribute {
  const value = call.args[index];
  if (typeof value === 'string') return { S: value };
  if (isNumber(value)) return { N: toText(value) as string };
  throw new ExternalFunctionError(call.name, 'a key is neither a string nor a number');
}

function readJson(call: ExternalCall, text: string, problem: string): SqlValue {
  try {
    return parseJson(text, call.numbers);
  } catch (cause) {
    throw new ExternalFunctionError(call.name, problem, { cause });
  }
}

function jsonObject(text: string, call: ExternalCall): { readonly [key: string]: SqlValue } | undefined {
  try {
    const value = parseJson(text, call.numbers);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
