/** What `bybit-sim --help` prints. */
export const HELP = `bybit-sim: a local Bybit V5 exchange with a market of its own

Usage: bybit-sim [options]

Prints one line of JSON when it is ready, and runs until SIGTERM or SIGINT:
{"wsUrl", "restUrl", "archiveUrl", "controlUrl", "accounts": [{"uid", "apiKey", "secret"}]}
("accounts" only with --accounts).

Instruments (comma lists)
  --symbols LIST             linear contracts (BTCUSDT,ETHUSDT,SOLUSDT,XRPUSDT); also BTCUSDT-26DEC31
  --inverse LIST             inverse contracts, e.g. BTCUSD,BTCUSDZ31
  --spot LIST                spot pairs
  --option LIST              options, e.g. BTC-26DEC31-120000-C-USDT

Market
  --seed N                   the same seed gives the same market (1)
  --trades-per-second N      for each symbol (50)
  --trades-per-frame N       at most so many trades in one frame (1024)
  --ticker-interval-ms N     time between two tickers of a symbol (100)
  --book-interval-ms N       time between two changes of orderbook.1, at least 10 (100)
  --paused                   wait for POST /resume on the control port
  --topic TOPIC              accept subscriptions to a topic that nothing produces; repeatable

Accounts
  --accounts N               accounts to open at the start, every second one in hedge mode (0)
  --fills-per-second N       executions that a bot trades a second, for all accounts together (0)

Truth
  --truth full|digest        keep every item, or only sums; digest has no archive (full)

Network
  --host HOST                address of all ports (127.0.0.1)
  --port N                   port of the sockets (a free one)
  --http-port N              port of REST and the archive (a free one)
  --control-port N           port that steers the simulator, see below (a free one)
  --exit-with-parent         stop when stdin closes
  --rules JSON               limits and assumed behaviours, see src/base/rules.ts

Control port
  GET /truth, /stats, /rest-stats
  POST /exchange {"call", "args"}: calls a method of sim.exchange, e.g. openAccount, placeOrder, books
  POST /fault, /burst, /list, /delist (JSON bodies), /pause, /resume, /stop

Examples
  bybit-sim --symbols BTCUSDT --spot BTCUSDT --trades-per-second 250
  bybit-sim --rules '{"restLimits":{"/v5/market/recent-trade":10}}'
  bybit-sim --accounts 10 --fills-per-second 50
  curl -d '{"call":"books","args":["100000001"]}' "$CONTROL_URL/exchange"
  curl -d '{"kind":"close","abrupt":true}' "$CONTROL_URL/fault"
`
