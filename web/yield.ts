// Giving way: lets messages that have arrived be handled before work goes on.

/**
 * What resolves after the messages that wait now have been handled. Not setTimeout, which waits 4 ms each time. In Node not a
 * MessageChannel either: there a port hands out up to 1000 messages before any other port has its turn.
 */
export function makeYield(): () => Promise<void> {
  if (typeof setImmediate === 'function') return () => new Promise((resolve) => setImmediate(resolve));
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(0);
    });
}
