// Package play is a page on 127.0.0.1 on which one watches a network settle, step by
// step: one draws an input or picks an example, clamps and frees its units and those of
// the target, and sees latents, errors and the energy move. [Of] makes a [Subject] of a
// model file, [Serve] serves its page, and [Handler] is that page for a server of one's own.
//
// # Protocol
//
// All is HTTP and JSON, and the page asks for everything; the server pushes nothing, so
// that a step is made when the one before has been drawn. Numbers that are not finite are
// null.
//
//	GET  /          the page, and beside it page.css, the scripts and icon.svg
//	GET  /subject   the network: nodes from the top down, methods, input, target; and
//	                the number of a new session
//	GET  /example   ?at=N the N-th example, from 0: input and target in the units of
//	                the data; N beyond the last begins again
//	POST /begin     {session, method, rate, unguarded, start, here, input, target}:
//	                puts a batch of one example where it begins, and answers with a frame
//	POST /step      {session}: takes a step, and answers with a frame
//
// The input and the target of /begin are {values, fixed}: a value for each unit, in the
// units of the data, and 1 where it is clamped and 0 where it is free. With here, latents
// go on from where they are, in place of start. A frame is
//
//	{step, energy, rate, finite, nodes: [{latent, error, energy}]}
//
// with nodes in the order of /subject, and the latents of input and target in the units
// of the data; a node's error is that of its first prediction. Rate is the one that was used, after the guard. A request that cannot be
// granted is answered by a status of 400 or above and {error}.
//
// # Who may ask
//
// The page's address as the Host, and no Origin but the page's: a page from elsewhere that
// has its own name resolve to 127.0.0.1, or that sends requests here, is refused. The page
// itself is told by its Content-Security-Policy to ask nobody else.
package play
