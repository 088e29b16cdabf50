import type { Operation } from '../../../../core/api.ts';
import { type IotService, reading, resource } from '../../iot-service.ts';
import { requireText } from '../../registry/validation.ts';
import { THINGS_INDEX } from '../index-names.ts';

export interface QueryRequest {
  readonly indexName?: string | undefined;
  readonly queryString: string | undefined;
  readonly queryVersion?: string | undefined;
}

/** An operation that queries one index: allowed on the index's ARN (developer guide, `managing-index`, "Authorization"). */
export function querying<I extends QueryRequest, O>(
  service: IotService,
  name: string,
  handle: (input: I & { readonly queryString: string }) => O,
): Operation<I, O> {
  const indexArn = (input: I) => resource(service, 'index', input.indexName ?? THINGS_INDEX);
  return reading<I, O>(name, indexArn, (input) => {
    const { queryString } = input;
    requireText('queryString', queryString, 1, Number.MAX_SAFE_INTEGER);
    return handle({ ...input, queryString });
  });
}
