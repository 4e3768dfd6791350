// A person's story as Segment's SDK for Node tells it: node_client.mjs ADDRESS KEY NAME
import { Analytics } from "@segment/analytics-node"

const [host, writeKey, name] = process.argv.slice(2)
const userId = `${name}-user`
const anonymousId = `${name}-device`
let minute = 0
const next = () => new Date(Date.UTC(2024, 1, 29, 10, minute++))

const analytics = new Analytics({ writeKey, host })
analytics.on("error", (error) => console.error(error))
analytics.page({
  anonymousId,
  name: "Vinyl",
  properties: { url: "https://shop.example/vinyl", title: "Vinyl" },
  timestamp: next(),
})
analytics.track({ anonymousId, event: "Product Viewed", properties: { sku: "kind-of-blue" }, timestamp: next() })
analytics.identify({
  userId,
  anonymousId,
  traits: { email: `${name}@example.com`, firstName: "Anna", plan: "pro" },
  timestamp: next(),
})
analytics.track({ userId, event: "Order Completed", properties: { order_id: "O-17", value: 24.9 }, timestamp: next() })
analytics.screen({ userId, name: "Orders", timestamp: next() })
analytics.group({ userId, groupId: "acme", traits: { name: "Acme" }, timestamp: next() })
analytics.alias({ userId, previousId: `${name}-old-number`, timestamp: next() })
await analytics.closeAndFlush()
