/** What `bybit-sim --help` prints. */
export const HELP = `bybit-sim: a local Bybit V5 exchange with a market of its own

Usage: bybit-sim [options]

Prints one line of JSON when it is ready, {"wsUrl", "restUrl", "archiveUrl", "controlUrl"} and, where
there are accounts, "accounts": [{"uid", "apiKey", "secret"}], and runs until SIGTERM or SIGINT.

Instruments (comma lists; the first by default BTCUSDT,ETHUSDT,SOLUSDT,XRPUSDT, the others none)
  --symbols LIST             linear contracts, e.g. BTCUSDT,BTCUSDT-26DEC31
  --inverse LIST             inverse contracts, e.g. BTCUSD,BTCUSDZ31
  --spot LIST                spot pairs
  --option LIST              options, e.g. BTC-26DEC31-120000-C-USDT

Market
  --seed N                   the market is drawn from it (1)
  --trades-per-second N      of each symbol (50)
  --trades-per-frame N       at most (1024)
  --ticker-interval-ms N     (100)
  --book-interval-ms N       of orderbook.1, at least 10 (100)
  --paused                   wait for POST /resume on the control port
  --topic TOPIC              a topic to accept though nothing produces it; repeatable

Accounts
  --accounts N               open at the start, every second one in hedge mode (0)
  --fills-per-second N       traded for them by a bot, of all together (0)

Truth
  --truth full|digest        keep every item, or only sums: without items there is no archive (full)

Network
  --host HOST                (127.0.0.1)
  --port N                   of the sockets (a free one)
  --http-port N              of REST and the archive, which share it (a free one)
  --control-port N           (a free one)
  --exit-with-parent         stop when stdin closes
  --rules JSON               limits and unevidenced behaviours, see src/rules.ts

Control port
  GET /truth, /stats, /rest-stats
  POST /exchange {"call", "args"}: a method of sim.exchange, e.g. openAccount, placeOrder, books
  POST /fault, /burst, /list, /delist (JSON bodies), /pause, /resume, /stop

Examples
  bybit-sim --symbols BTCUSDT --spot BTCUSDT --trades-per-second 250
  bybit-sim --rules '{"restLimits":{"/v5/market/recent-trade":10}}'
  bybit-sim --accounts 10 --fills-per-second 50
  curl -d '{"call":"books","args":["100000001"]}' "$CONTROL_URL/exchange"
  curl -d '{"kind":"close","abrupt":true}' "$CONTROL_URL/fault"
`
