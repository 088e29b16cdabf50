import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';

/** Service name, namespace and level come from the POWERTOOLS_* variables that the stacks set. */
export const logger = new Logger();
export const metrics = new Metrics();

/** What our functions read of Lambda's context. */
export interface InvocationContext {
  getRemainingTimeInMillis(): number;
}

/** Wraps a function in what all of them share: request context in the log, metrics flushed at the end. */
export function observed<Event, Result>(run: (event: Event, context: InvocationContext) => Promise<Result>) {
  return middy<Event, Result>()
    .use(injectLambdaContext(logger))
    .use(logMetrics(metrics, { captureColdStartMetric: true }))
    .handler(run);
}
