// Giving way: lets messages that have arrived be handled before work goes on.

/** Resolves after the messages that wait now have been handled. (setTimeout would wait 4 ms each time.) */
export function makeYield(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(0);
    });
}
