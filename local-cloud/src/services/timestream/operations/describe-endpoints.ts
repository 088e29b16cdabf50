import type { DescribeEndpointsResponse } from '@aws-sdk/client-timestream-write';
import type { Operation } from '../../../core/api.ts';
import type { Timestream } from '../timestream.ts';

/** What AWS answers: the address may be kept for a day. */
const CACHE_MINUTES = 1440;

/** Served by both APIs: one front door answers for every cell. */
export function describeEndpoints(timestream: Timestream): Operation<object, DescribeEndpointsResponse> {
  return {
    name: 'DescribeEndpoints',
    authorize: () => [{ action: 'timestream:DescribeEndpoints', resource: '*' }],
    handle() {
      const { apiUrl } = timestream.context.ports.get('endpoints');
      return { Endpoints: [{ Address: new URL(apiUrl).hostname, CachePeriodInMinutes: CACHE_MINUTES }] };
    },
  };
}
