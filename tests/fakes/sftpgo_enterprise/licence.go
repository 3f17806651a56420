package httpd

import (
	"net/http"
	"os"
	"time"

	"github.com/go-chi/render"
)

// The answer's form is that of the vendor's Terraform client; its time unit is not known. A server without a licence answers
// here as one that has no such thing, which is a guess.
func getStandInLicence(w http.ResponseWriter, r *http.Request) {
	if os.Getenv("SFTPGO_LICENSE_KEY") == "" || os.Getenv("STAND_IN") == "no-licence" {
		sendAPIResponse(w, r, nil, http.StatusText(http.StatusNotFound), http.StatusNotFound)
		return
	}
	now := time.Now()
	render.JSON(w, r, map[string]any{
		"key": "********", "type": 1, "valid_from": now.Add(-time.Hour).UnixMilli(),
		"valid_to": now.Add(24 * time.Hour).UnixMilli(),
		"features": map[string]any{"max_concurrent_transfers": 0, "fs_providers": []int{1, 2, 3, 5, 6, 7}, "event_actions": []int{13, 17, 19},
			"plugins": 2},
	})
}
