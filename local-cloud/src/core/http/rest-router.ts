import type { NormalizedSchema } from '@smithy/core/schema';
import { requiredMembersOf } from './codec/required-members.ts';
import type { HttpBinding, OperationModel } from './operation-model.ts';
import type { Headers, QueryParameters } from './wire.ts';

export interface RouteMatch {
  readonly operation: OperationModel;
  /** Decoded path labels. */
  readonly labels: Map<string, string>;
}

interface Route {
  readonly operation: OperationModel;
  readonly http: HttpBinding;
  /** Query parameters and headers that must be there: members that the operation requires. */
  readonly requiredQuery: readonly string[];
  readonly requiredHeaders: readonly string[];
  readonly needsBucket: boolean;
  readonly weight: number;
}

/** A hint of the SDKs for their own logs. Other clients do not send it, so no route may hang on it. */
const OPERATION_HINT = 'x-id';

/**
 * Finds an operation by method, path, literal query parameters and the parameters and headers that it requires. S3's
 * operations share methods and paths, and only the latter tell CopyObject from PutObject or ListParts from GetObject:
 * the route that asks for most wins, then the hint of the SDK, then the first by name.
 */
export class RestRouter {
  readonly #routes = new Map<string, Route[]>();

  constructor(operations: Iterable<OperationModel>) {
    for (const operation of operations) {
      if (operation.http === undefined) continue;
      const route = routeOf(operation, operation.http);
      const routes = this.#routes.get(route.http.method) ?? [];
      routes.push(route);
      this.#routes.set(route.http.method, routes);
    }
    for (const routes of this.#routes.values()) {
      routes.sort((a, b) => b.weight - a.weight || (a.operation.name < b.operation.name ? -1 : 1));
    }
  }

  /**
   * @param path percent-encoded; without the bucket for S3
   * @param bucket the S3 bucket that the request names, undefined for other services
   * @throws URIError for malformed percent-encoding
   */
  find(
    method: string,
    path: string,
    query: QueryParameters,
    headers: Headers,
    bucket?: string | undefined,
  ): RouteMatch | undefined {
    const segments = path.split('/').slice(1);
    let best: { route: Route; labels: Map<string, string> } | undefined;
    const hint = query.find(([name]) => name === OPERATION_HINT)?.[1];
    for (const route of this.#routes.get(method) ?? []) {
      if (best !== undefined && route.weight < best.route.weight) break;
      if (route.needsBucket !== (bucket !== undefined) || !hasAll(route, query, headers)) continue;
      const labels = matchPath(route.http.segments, segments);
      if (labels === undefined) continue;
      if (best === undefined || route.operation.name === hint) best = { route, labels };
    }
    if (best === undefined) return undefined;
    if (bucket !== undefined) best.labels.set('Bucket', bucket);
    return { operation: best.route.operation, labels: best.labels };
  }
}

function routeOf(operation: OperationModel, http: HttpBinding): Route {
  const requiredQuery: string[] = [];
  const requiredHeaders: string[] = [];
  let needsBucket = false;
  for (const [name, member, required] of membersOf(operation.input)) {
    const { httpQuery, httpHeader, httpLabel } = member.getMergedTraits();
    if (
      httpLabel &&
      name === 'Bucket' &&
      !http.segments.some((segment) => 'name' in segment && segment.name === name)
    ) {
      needsBucket = true;
    }
    if (!required) continue;
    if (httpQuery !== undefined) requiredQuery.push(httpQuery);
    if (httpHeader !== undefined) requiredHeaders.push(httpHeader.toLowerCase());
  }
  const literals = http.literals.filter(([name]) => name !== OPERATION_HINT);
  const literalSegments = http.segments.filter((segment) => segment.kind === 'literal').length;
  const greedy = http.segments.some((segment) => segment.kind === 'greedy');
  return {
    operation,
    http: { ...http, literals },
    requiredQuery,
    requiredHeaders,
    needsBucket,
    weight:
      100 * literalSegments -
      50 * Number(greedy) +
      10 * literals.length +
      requiredQuery.length +
      requiredHeaders.length,
  };
}

function* membersOf(input: NormalizedSchema): Generator<[name: string, member: NormalizedSchema, required: boolean]> {
  if (!input.isStructSchema()) return;
  const required = requiredMembersOf(input);
  for (const [name, member] of input.structIterator()) yield [name, member, required.includes(name)];
}

function hasAll(route: Route, query: QueryParameters, headers: Headers): boolean {
  return (
    route.http.literals.every(([name, value]) => query.some(([key, text]) => key === name && text === value)) &&
    route.requiredQuery.every((name) => query.some(([key]) => key === name)) &&
    route.requiredHeaders.every((name) => headers[name] !== undefined)
  );
}

function matchPath(pattern: HttpBinding['segments'], segments: readonly string[]): Map<string, string> | undefined {
  const labels = new Map<string, string>();
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index];
    if (part.kind === 'greedy') {
      // No operation has anything after a greedy label.
      const rest = segments.slice(index).join('/');
      if (rest === '') return undefined;
      labels.set(part.name, decodeURIComponent(rest));
      return labels;
    }
    if (segment === undefined) return undefined;
    if (part.kind === 'literal') {
      if (segment !== part.text) return undefined;
    } else {
      if (segment === '') return undefined;
      labels.set(part.name, decodeURIComponent(segment));
    }
  }
  const rest = segments.slice(pattern.length);
  return rest.length === 0 || (pattern.length === 0 && rest.length === 1 && rest[0] === '') ? labels : undefined;
}
