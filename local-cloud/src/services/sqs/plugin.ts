import * as sqs from '@aws-sdk/client-sqs';
import type { Operation } from '../../core/api.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import { MoveTasks } from './move-tasks.ts';
import { changeMessageVisibility, changeMessageVisibilityBatch } from './operations/change-message-visibility.ts';
import { deleteMessage, deleteMessageBatch } from './operations/delete-message.ts';
import { listDeadLetterSourceQueues, listQueues } from './operations/list-queues.ts';
import { messageMoveTaskOperations } from './operations/message-move-tasks.ts';
import { getQueueAttributes, setQueueAttributes } from './operations/queue-attributes.ts';
import { createQueue, deleteQueue, getQueueUrl, purgeQueue } from './operations/queue-lifecycle.ts';
import { listQueueTags, tagQueue, untagQueue } from './operations/queue-tags.ts';
import { receiveMessage } from './operations/receive-message.ts';
import { sendMessage, sendMessageBatch } from './operations/send-message.ts';
import { QueueDirectory } from './queue-directory.ts';
import { putQueueMetrics } from './queue-metrics.ts';
import { queueResource } from './resources/queue.ts';
import { queuePolicyResource } from './resources/queue-policy.ts';

/** Amazon SQS: standard queues. FIFO queues, KMS keys and AddPermission are refused by name. */
export const createSqsPlugin: PluginFactory = (context) => {
  const queues = new QueueDirectory(context);
  const tasks = new MoveTasks(queues);
  const operations: readonly Operation[] = [
    createQueue(queues),
    getQueueUrl(queues),
    getQueueAttributes(queues),
    setQueueAttributes(queues),
    listQueues(queues),
    deleteQueue(queues),
    purgeQueue(queues),
    sendMessage(queues),
    sendMessageBatch(queues),
    receiveMessage(queues),
    deleteMessage(queues),
    deleteMessageBatch(queues),
    changeMessageVisibility(queues),
    changeMessageVisibilityBatch(queues),
    listDeadLetterSourceQueues(queues),
    listQueueTags(queues),
    tagQueue(queues),
    untagQueue(queues),
    ...messageMoveTaskOperations(queues, tasks),
  ];
  return {
    name: 'sqs',
    apis: [{ service: 'sqs', signingName: 'sqs', protocol: 'awsJson1_0', schemas: sqs, operations }],
    resources: [queueResource(queues), queuePolicyResource(queues)],
    async start() {
      context.ports.find('metrics')?.gauge((metrics) => putQueueMetrics(queues, metrics));
    },
    async stop() {
      tasks.stop();
      queues.stop();
      await context.store.durable();
    },
  };
};
