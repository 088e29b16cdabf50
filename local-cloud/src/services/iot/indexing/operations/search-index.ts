import type { SearchIndexRequest, SearchIndexResponse } from '@aws-sdk/client-iot';
import type { Operation } from '../../../../core/api.ts';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import type { IotService } from '../../iot-service.ts';
import { pageOf } from '../../registry/paging.ts';
import type { FleetIndex } from '../fleet-index.ts';
import { THINGS_INDEX } from '../index-names.ts';
import { MAX_SEARCH_RESULTS } from '../limits.ts';
import { matchesQuery } from '../query/match-query.ts';
import { querying } from './index-authorization.ts';

export function searchIndex(service: IotService, index: FleetIndex): Operation {
  return querying<SearchIndexRequest, SearchIndexResponse>(service, 'SearchIndex', (input) => {
    new ConstraintViolations()
      .range('maxResults', input.maxResults, 1, MAX_SEARCH_RESULTS)
      .throwIfAny('InvalidRequestException');
    const { target, query } = index.query(input.indexName, input.queryString, input.queryVersion);
    const request = { token: input.nextToken, size: input.maxResults ?? MAX_SEARCH_RESULTS };
    const page = pageOf(target.sortedKeys(), request, (key) => {
      const document = target.document(key);
      return document !== undefined && matchesQuery(query, document);
    });
    if (target.name === THINGS_INDEX) {
      const things = page.keys.flatMap((name) => index.thing(name)?.toResult() ?? []);
      return { things, nextToken: page.nextToken };
    }
    const thingGroups = page.keys.flatMap((name) => index.thingGroup(name)?.toResult() ?? []);
    return { thingGroups, nextToken: page.nextToken };
  });
}
