import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { AwsError, messageOf } from '../../core/errors.ts';
import { isBelow, requireHttpsUrl } from '../destinations/destination-url.ts';
import { ConnectionClosed, postHttps, REQUEST_TIMEOUT_MS } from '../http/post-https.ts';
import { signRequest } from '../http/sign-request.ts';
import { MAX_URL_LENGTH } from '../limits.ts';
import type { ActionWork } from './action-work.ts';
import { flagSchema, readParameters, roleArnSchema } from './parameters.ts';
import { PermanentFailure } from './permanent-failure.ts';
import type { ActionKind, ActionSite } from './rule-action.ts';

/** `key` and `value` of `HttpActionHeader`, and their number (API reference). */
const headerSchema = z.strictObject({
  key: z
    .string()
    .max(256)
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no header name'),
  value: z.string(),
});

const schema = z.strictObject({
  url: z.string().min(1).max(MAX_URL_LENGTH),
  confirmationUrl: z.string().min(1).max(MAX_URL_LENGTH).optional(),
  headers: z.array(headerSchema).max(100).default([]),
  auth: z
    .strictObject({
      sigv4: z.strictObject({
        signingRegion: z.string().min(1),
        serviceName: z.string().min(1),
        roleArn: roleArnSchema,
      }),
    })
    .optional(),
  enableBatching: flagSchema.default(false),
  batchConfig: z.unknown().optional(),
});

/** "HTTP": a POST to an endpoint below an enabled destination. */
export const httpAction: ActionKind = {
  kind: 'http',
  compile(parameters, site) {
    const definition = readParameters(schema, parameters, site);
    const { auth } = definition;
    if (definition.enableBatching || definition.batchConfig !== undefined) {
      throw site.refuse('enableBatching', 'batches of HTTP requests are not built in the local cloud');
    }
    const url = site.template('url', definition.url);
    const headers = definition.headers.map(({ key, value }, index) => ({
      key: key.toLowerCase(),
      value: site.template(`headers[${index}].value`, value),
    }));
    const started = new WeakMap<ActionWork, number>();

    return {
      failedAction: 'HttpAction',
      readsOutput: false,
      roleArn: auth?.sigv4.roleArn,
      confirmationUrl: confirmationUrlOf(definition, url.fixed, site),
      complaint: 'Failed to send the HTTP request.',
      async run(work) {
        const to = requireHttpsUrl(work.render(url), 'url');
        if (!site.destinations.mayReach(to.href) && !site.destinations.mayReach(work.render(url))) {
          throw new PermanentFailure('DestinationNotEnabled', `no enabled topic rule destination covers ${to.href}`);
        }
        const body = work.bytes;
        let fields: Record<string, string> = {
          'content-type': work.isRaw && !isJson(body) ? 'application/octet-stream' : 'application/json',
        };
        for (const { key, value } of headers) fields[key] = headerValue(key, work.render(value));
        if (auth !== undefined) {
          const { signingRegion: region, serviceName: service, roleArn } = auth.sigv4;
          const credentials = site.ports.get('credentials').issue(site.role(roleArn), 3_600_000);
          fields = await signRequest(to, fields, body, { region, service, credentials, now: site.clock.now() });
        }
        const first = started.get(work) ?? site.clock.now();
        started.set(work, first);
        await send(to, fields, body, first, site);
      },
      resource: (work) => work.render(url),
      describe: (work) => `Action: http, Url: ${work.render(url)}`,
    };
  },
};

/** "HTTP action retry logic": whether a failed try is the last is told by the kind of error. */
async function send(
  url: URL,
  headers: Record<string, string>,
  body: Buffer,
  first: number,
  site: ActionSite,
): Promise<void> {
  try {
    const { caFile } = site.ports.get('endpoints');
    const { statusCode, oversized } = await postHttps(url, { headers, body, caFile, clock: site.clock });
    if (statusCode >= 200 && statusCode < 300) return;
    const failure = `The endpoint answered with status ${statusCode}`;
    if (oversized) throw new PermanentFailure('HttpActionFailed', failure, statusCode);
    throw new AwsError('HttpActionFailed', failure, statusCode);
  } catch (error) {
    const late = site.clock.now() - first >= REQUEST_TIMEOUT_MS;
    if (!late && !(error instanceof ConnectionClosed)) throw error;
    const status = error instanceof AwsError ? error.statusCode : 502;
    throw new PermanentFailure('HttpActionFailed', messageOf(error), status, { cause: error });
  }
}

/** The destination that the rule makes for itself; Undefined where it must be made by hand. */
function confirmationUrlOf(
  { url, confirmationUrl }: { readonly url: string; readonly confirmationUrl?: string | undefined },
  fixed: boolean,
  site: ActionSite,
): string | undefined {
  if (confirmationUrl === undefined) {
    if (!fixed) throw site.refuse('confirmationUrl', 'must be given when url has a substitution template');
    requireHttpsUrl(url, 'url');
    return url;
  }
  if (!site.template('confirmationUrl', confirmationUrl).fixed) {
    if (!url.startsWith(confirmationUrl)) throw site.refuse('url', 'must begin with confirmationUrl');
    return undefined;
  }
  requireHttpsUrl(confirmationUrl, 'confirmationUrl');
  const begins = fixed ? isBelow(url, confirmationUrl) : url.startsWith(confirmationUrl);
  if (!begins) throw site.refuse('url', 'must begin with confirmationUrl');
  return confirmationUrl;
}

function isJson(bytes: Buffer): boolean {
  if (!isUtf8(bytes)) return false;
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

function headerValue(key: string, value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a header value must not hold
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
    throw new PermanentFailure('HttpActionFailed', `the value of header ${key} holds control characters`);
  }
  return Buffer.from(value, 'utf8').toString('latin1');
}
