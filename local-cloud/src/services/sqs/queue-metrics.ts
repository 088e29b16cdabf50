import type { Metrics } from '../../core/metrics.ts';
import type { QueueDirectory } from './queue-directory.ts';

/** What every queue says of itself once a minute (developer guide, "Available CloudWatch metrics for Amazon SQS"). */
export function putQueueMetrics(queues: QueueDirectory, metrics: Pick<Metrics, 'put'>): void {
  for (const queue of queues.all()) {
    const dimensions = { QueueName: queue.configuration.name };
    const put = (name: string, value: number): void => metrics.put('AWS/SQS', name, dimensions, value, 'Count');
    const { visible, inFlight, delayed } = queue.counts;
    const { sent, received, deleted, oldestAge } = queue.takeActivity();
    put('ApproximateNumberOfMessagesVisible', visible);
    put('ApproximateNumberOfMessagesNotVisible', inFlight);
    put('ApproximateNumberOfMessagesDelayed', delayed);
    put('NumberOfMessagesSent', sent);
    put('NumberOfMessagesReceived', received);
    put('NumberOfMessagesDeleted', deleted);
    metrics.put('AWS/SQS', 'ApproximateAgeOfOldestMessage', dimensions, oldestAge, 'Seconds');
  }
}
