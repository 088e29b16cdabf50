import * as z from 'zod';
import { IpcServiceError } from '../ipc/operation.ts';

/** Services of IPC that ask for authorization (developer guide, "Use the AWS IoT Device SDK to communicate with the Greengrass nucleus"). */
export const IPC_SERVICES = {
  pubsub: 'aws.greengrass.ipc.pubsub',
  mqttproxy: 'aws.greengrass.ipc.mqttproxy',
  shadow: 'aws.greengrass.ShadowManager',
  secret: 'aws.greengrass.SecretManager',
  cli: 'aws.greengrass.Cli',
} as const;

export type IpcService = (typeof IPC_SERVICES)[keyof typeof IPC_SERVICES];

/** Configuration parameter `accessControl`: by service, then by policy id, which no two components may share. */
export const accessControlSchema = z.record(
  z.string(),
  z.record(
    z.string().min(1),
    z.strictObject({
      policyDescription: z.string().optional(),
      operations: z.array(z.string().min(1)).min(1),
      resources: z.array(z.string().min(1)).default([]),
    }),
  ),
);

export type AccessControl = z.infer<typeof accessControlSchema>;

/** How resources of a service match. `mqtt`: MQTT wildcards work too, besides `*`. */
type Matching = 'literal' | 'mqtt';

interface Grant {
  readonly service: string;
  readonly operations: ReadonlySet<string>;
  readonly matches: (resource: string) => boolean;
}

/**
 * Decides what a component may do by the `accessControl` of its configuration.
 *
 * In resources `*` stands for any run of characters; `${*}`, `${?}` and `${$}` are these characters themselves; `{iot:thingName}` is
 * the core's name (developer guide, "Authorize components to perform IPC operations"). A `?` is literal: "doesn't
 * currently support the `?` wildcard". MQTT wildcards are wildcards for AWS IoT Core topics, and letters for local ones.
 */
export class AccessControlList {
  readonly #grants = new Map<string, readonly Grant[]>();
  readonly #thingName: string;

  constructor(thingName: string) {
    this.#thingName = thingName;
  }

  /** Takes the place of what the component had. @throws z.ZodError naming the place */
  set(componentName: string, accessControl: unknown): void {
    const policies = accessControlSchema.parse(accessControl ?? {});
    const grants = Object.entries(policies).flatMap(([service, byId]) =>
      Object.values(byId).map(({ operations, resources }) => ({
        service,
        operations: new Set(operations.map((name) => name.replace(/^aws\.greengrass#/, ''))),
        matches: anyOf(
          resources.map((resource) => resource.replaceAll('{iot:thingName}', this.#thingName)),
          service === IPC_SERVICES.mqttproxy ? 'mqtt' : 'literal',
        ),
      })),
    );
    this.#grants.set(componentName, grants);
  }

  remove(componentName: string): void {
    this.#grants.delete(componentName);
  }

  /** @throws IpcServiceError `UnauthorizedError` naming component, operation and resource */
  demand(componentName: string, service: IpcService, operation: string, resource: string): void {
    if (this.allows(componentName, service, operation, resource)) return;
    throw new IpcServiceError(
      'UnauthorizedError',
      `Principal ${componentName} is not authorized to perform ${service}:aws.greengrass#${operation} on resource ${resource}`,
    );
  }

  allows(componentName: string, service: IpcService, operation: string, resource: string): boolean {
    const grants = this.#grants.get(componentName) ?? [];
    return grants.some(
      (grant) =>
        grant.service === service &&
        (grant.operations.has('*') || grant.operations.has(operation)) &&
        grant.matches(resource),
    );
  }
}

function anyOf(resources: readonly string[], matching: Matching): (resource: string) => boolean {
  const matchers = resources.map((resource) => matcherOf(resource, matching));
  return (resource) => matchers.some((matches) => matches(resource));
}

function matcherOf(pattern: string, matching: Matching): (resource: string) => boolean {
  const parts = literalsOf(pattern);
  if (matching === 'literal' || !/[+#]/.test(pattern)) return (resource) => matchesParts(parts, resource);
  return (resource) => matchesParts(parts, resource) || isWithin(resource.split('/'), pattern.split('/'));
}

/** What stands between the wildcards. */
function literalsOf(pattern: string): string[] {
  const parts = [''];
  for (const part of pattern.split(/(\$\{[*?$]\}|\*)/)) {
    if (part === '*') parts.push('');
    else parts[parts.length - 1] += /^\$\{([*?$])\}$/.exec(part)?.[1] ?? part;
  }
  return parts;
}

/** The first part begins the text, the last ends it, and those between are taken where they come first: nothing is tried twice. */
function matchesParts(parts: readonly string[], text: string): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** Whether a topic, or a filter, lies within an MQTT filter. A wildcard in it lies only within one as wide. */
function isWithin(levels: readonly string[], filter: readonly string[]): boolean {
  for (const [index, part] of filter.entries()) {
    if (part === '#') return true;
    const level = levels[index];
    if (level === undefined) return false;
    if (part === '+' ? level === '#' : level !== part) return false;
  }
  return levels.length === filter.length;
}
