// Command crash kills a server with kill -9 under full write load, again and again, and measures what its clients see of
// that: how long the server takes to answer again, how long until a view over the data is current again, and how many
// acknowledged rows are lost or there twice, which has to be none. It ends with an error when it is not.
//
// Writers commit transactions of several rows in a stream and one changed row in a table as fast as they can. After each restart
// every writer's rows are counted against what it was told; a transaction that was not answered may be there wholly or not
// at all.
//
//	go run ./bench/crash -cycles 50 -writers 8 -rows 10
//
// The test of the same name in package server checks more, with less load.
package main
