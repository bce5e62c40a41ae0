package play

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Serve serves the page on 127.0.0.1 at a port, 0 for any that is free, until ctx is
// cancelled. It calls ready with the page's address once it can be opened.
func Serve(ctx context.Context, s *Subject, port int, ready func(url string)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("port: must be a free one, got %d: %w", port, err)
	}
	defer listener.Close()
	h, err := Handler(s, listener.Addr().String())
	if err != nil {
		return err
	}
	web := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { web.Close() })
	defer stop()
	ready("http://" + listener.Addr().String() + "/")
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
