// Command millrace is the streaming SQL database: the server, a demonstration, and tools for its users.
//
//	millrace serve   run the server
//	millrace demo    run the server with a live auction feed and views over it
//	millrace slt     run sqllogictest files against a server
//	millrace version
package main
