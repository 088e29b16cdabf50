import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';

/** Service name, namespace and level come from the POWERTOOLS_* variables that the stacks set. */
export const logger = new Logger();
export const metrics = new Metrics();

/** Wraps a function in what all of them share: request context in the log, metrics flushed at the end. */
export function observed<Event, Result>(run: (event: Event, context: Context) => Promise<Result>) {
  return middy<Event, Result>()
    .use(injectLambdaContext(logger))
    .use(logMetrics(metrics, { captureColdStartMetric: true }))
    .handler(run);
}
