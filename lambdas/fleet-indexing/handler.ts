import { GetIndexingConfigurationCommand, IoTClient, UpdateIndexingConfigurationCommand } from '@aws-sdk/client-iot';
import { serveCustomResource } from '../shared/custom-resource/serve-custom-resource.ts';
import { observed } from '../shared/observability.ts';
import { addIndexing, INDEXING_ID, type IndexingPorts } from './add-indexing.ts';
import { type IndexingRequest, requestSchema } from './schema.ts';

const iot = new IoTClient({});

const ports: IndexingPorts = {
  async read() {
    const answer = await iot.send(new GetIndexingConfigurationCommand({}));
    return { things: answer.thingIndexingConfiguration, groups: answer.thingGroupIndexingConfiguration };
  },
  async write(thingIndexingConfiguration) {
    await iot.send(new UpdateIndexingConfigurationCommand({ thingIndexingConfiguration }));
  },
};

export const handler = observed<unknown, void>((event, context) =>
  serveCustomResource<IndexingRequest>(event, context, {
    schema: requestSchema,
    nothingCreated: INDEXING_ID,
    handle: (request) => addIndexing(request, ports),
  }),
);
