import * as schemas from '@aws-sdk/client-cloudwatch';
import type { Operation } from '../../core/api.ts';
import type { Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import { Alarms } from './alarms/alarms.ts';
import { Dashboards } from './dashboards.ts';
import { embeddedMetrics } from './embedded-metrics.ts';
import { MAX_DATUM_AGE, MAX_DATUM_LEAD } from './limits.ts';
import { MetricStore } from './metrics/metric-store.ts';
import { MINUTE } from './metrics/series.ts';
import { describeAlarmHistory } from './operations/alarm-history.ts';
import { alarmOperations } from './operations/alarms.ts';
import { dashboardOperations } from './operations/dashboards.ts';
import { getMetricData } from './operations/get-metric-data.ts';
import { getMetricStatistics } from './operations/get-metric-statistics.ts';
import { listMetrics } from './operations/list-metrics.ts';
import { putMetricData } from './operations/put-metric-data.ts';
import { tagOperations } from './operations/tags.ts';
import { alarmResource } from './resources/alarm.ts';

/** Gauges are read so long before the minute that they stand for ends. ms */
const GAUGE_LEAD = 1000;
const MINUTES_BETWEEN_COMPACTIONS = 60;

/**
 * Amazon CloudWatch: metrics of whole minutes, kept for 15 days, and alarms on them. Composite alarms, anomaly
 * detection, Insights, streams and data of high resolution are refused by name.
 */
export const createCloudwatchPlugin: PluginFactory = (context) => {
  const metrics = new MetricStore(context);
  const alarms = new Alarms(context, metrics);
  context.ports.provide('metrics', metrics);
  context.ports.provide('logObserver', {
    onLogEvents(_group, _stream, events) {
      const now = context.clock.now();
      const gains = events
        .flatMap((event) => embeddedMetrics(event, context.log))
        .filter(({ time }) => time >= now - MAX_DATUM_AGE && time <= now + MAX_DATUM_LEAD);
      if (gains.length === 0) return;
      metrics.ingest(gains).catch((error: unknown) => {
        context.log('error', 'embedded metrics could not be kept', { error: messageOf(error) });
      });
    },
  });
  const operations: readonly Operation[] = [
    putMetricData(metrics),
    getMetricStatistics(metrics),
    getMetricData(metrics),
    listMetrics(metrics),
    ...alarmOperations(alarms),
    describeAlarmHistory(alarms),
    ...dashboardOperations(new Dashboards(context)),
    ...tagOperations(alarms),
  ];
  let timer: Timer | undefined;
  let stopped = false;
  let compaction: Promise<void> = Promise.resolve();

  /** Gauges just before the minute's end, evaluation just after it. */
  function schedule(): void {
    if (stopped) return;
    const now = context.clock.now();
    const end = (Math.floor((now + GAUGE_LEAD) / MINUTE) + 1) * MINUTE;
    timer = context.clock.after(end - GAUGE_LEAD - now, () => {
      metrics.readGauges();
      timer = context.clock.after(end - context.clock.now(), () => {
        atMinute(end);
        schedule();
      });
    });
  }

  function atMinute(end: number): void {
    metrics.settle();
    alarms.evaluate(end);
    if ((end / MINUTE) % MINUTES_BETWEEN_COMPACTIONS !== 0) return;
    compaction = compaction
      .then(() => metrics.compact())
      .catch((error: unknown) => {
        context.log('error', 'metric data could not be compacted', { error: messageOf(error) });
      });
  }

  return {
    name: 'cloudwatch',
    apis: [
      {
        service: 'cloudwatch',
        signingName: 'monitoring',
        protocol: 'awsJson1_0',
        alsoSpeaks: ['rpcV2Cbor', 'awsQuery'],
        schemas,
        operations,
      },
    ],
    resources: [alarmResource(alarms)],
    async start() {
      schedule();
    },
    async stop() {
      stopped = true;
      timer?.cancel();
      await compaction;
      await alarms.settled();
      metrics.settle();
      await context.store.durable();
    },
  };
};
